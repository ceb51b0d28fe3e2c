// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The program of hisi_before.c on the C++ library: a descriptor instead of a physical address, and
// an access that is opened and closed instead of a flush that can be forgotten.
#include <cstdio>
#include <cstring>

#include <mediaheap/heap.h>

namespace {

using namespace mediaheap;

constexpr size_t width = 640;
constexpr size_t height = 480;

/// Stands for whatever imports a DMA-BUF: V4L2, DRM, an encoder of GStreamer's.
Result<void> giveToHardware(const Block& block) {
    std::printf("hardware works on descriptor %d\n", block.fd());
    return {};
}

Result<void> drawAndShow(const std::shared_ptr<Heap>& heap) {
    AllocOptions options;
    options.name = "osd";
    Result<Block> block = heap->allocate(width * height * 3 / 2, options);
    if (!block)
        return block.error();
    Result<Mapping> mapping = block->map(Access::Write);
    if (!mapping)
        return mapping.error();
    std::memset(mapping->data(), 0x80, mapping->size());
    if (Result<void> ended = mapping->end(); !ended)
        return ended;
    return giveToHardware(block.value());
}

} // namespace

int main() {
    Result<std::shared_ptr<Heap>> heap = Heap::open("auto");
    Result<void> shown = heap ? drawAndShow(heap.value()) : heap.error();
    if (!shown)
        std::fprintf(stderr, "%s\n", shown.error().message().c_str());
    return shown ? 0 : 1;
}
