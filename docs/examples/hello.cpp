// SPDX-License-Identifier: LGPL-2.1-or-later
// A frame from a media heap, written by the CPU, ready for hardware.
#include <cstdio>
#include <cstring>

#include <mediaheap/heap.h>

int main() {
    auto heap = mediaheap::Heap::open("auto,size=64M,zone=camera");
    if (!heap) {
        std::fprintf(stderr, "%s\n", heap.error().message().c_str());
        return 1;
    }

    mediaheap::AllocOptions options;
    options.name = "preview";
    auto block = heap.value()->allocate(1920 * 1080 * 3 / 2, options);
    if (!block) {
        std::fprintf(stderr, "%s\n", block.error().message().c_str());
        return 1;
    }

    // The caches are right from here on ...
    auto mapping = block->map(mediaheap::Access::Write);
    if (!mapping) {
        std::fprintf(stderr, "%s\n", mapping.error().message().c_str());
        return 1;
    }
    std::memset(mapping->data(), 0x80, mapping->size());
    // ... until here: now hardware sees the grey frame through block->fd().
    if (auto ended = mapping->end(); !ended) {
        std::fprintf(stderr, "%s\n", ended.error().message().c_str());
        return 1;
    }

    std::fputs(heap.value()->report(mediaheap::ReportFormat::Text).c_str(), stdout);
    return 0;
}
