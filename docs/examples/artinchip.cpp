// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The program of artinchip.c on the library's own interface.
#include <cstdio>
#include <cstring>

#include <mediaheap/heap.h>

using mediaheap::Result;

namespace {

constexpr size_t frameSize = 1024 * 600 * 4;

Result<mediaheap::Block> draw(mediaheap::Heap& heap, int colour, const char* name) {
    mediaheap::AllocOptions options;
    options.name = name;
    Result<mediaheap::Block> frame = heap.allocate(frameSize, options);
    if (!frame)
        return frame;
    auto mapping = frame->map(mediaheap::Access::Write);
    if (!mapping)
        return mapping.error();
    std::memset(mapping->data(), colour, frameSize);
    if (auto ended = mapping->end(); !ended) // cleans the caches
        return ended.error();
    return frame;
}

} // namespace

int main() {
    auto heap = mediaheap::Heap::open("auto,size=8M");
    if (!heap) {
        std::fprintf(stderr, "%s\n", heap.error().message().c_str());
        return 1;
    }
    const auto front = draw(**heap, 0x20, "front");
    const auto back = draw(**heap, 0xe0, "back");
    if (!front || !back)
        return 1;
    std::fputs((*heap)->report(mediaheap::ReportFormat::Text).c_str(), stdout);
    return 0;
}
