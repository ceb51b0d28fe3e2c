// SPDX-License-Identifier: LGPL-2.1-or-later
// A forgotten cache flush, seen on any machine.
#include <cstdio>
#include <cstring>

#include <mediaheap/heap.h>
#include <mediaheap/simulated/device.h>

namespace {

mediaheap::Result<uint32_t> drawAndEncode() {
    auto heap = mediaheap::Heap::open("simulated,size=16M");
    if (!heap)
        return heap.error();
    mediaheap::AllocOptions options;
    options.name = "preview";
    auto block = heap.value()->allocate(1920 * 1080 * 3 / 2, options);
    if (!block)
        return block.error();
    mediaheap::simulated::Device encoder("encoder");

    auto mapping = block->map(mediaheap::Access::Write);
    if (!mapping)
        return mapping.error();
    std::memset(mapping->data(), 0x80, mapping->size());
    // Here mapping->end() is missing: what was drawn is still in the CPU's cache.
    auto seen = encoder.checksum(block->fd(), 0, block->size());
    if (!seen)
        return seen.error();

    const auto violations = heap.value()->takeViolations();
    for (const auto& violation : violations)
        std::printf("%s\n", violation.text().c_str());
    return static_cast<uint32_t>(violations.size());
}

} // namespace

int main() {
    const auto found = drawAndEncode();
    if (!found) {
        std::fprintf(stderr, "%s\n", found.error().message().c_str());
        return 1;
    }
    return found.value() == 1 ? 0 : 1;
}
