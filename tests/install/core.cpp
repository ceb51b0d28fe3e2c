// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A user's program on the C++ library: what it writes through the mapping is what the block's file
// descriptor holds. Built against the installed files alone.
#include <cstdio>
#include <cstring>
#include <string>

#include <unistd.h>

#include <mediaheap/heap.h>

namespace {

constexpr char frame[] = "a frame from the core";

int fail(const std::string& why) {
    std::fprintf(stderr, "core: %s\n", why.c_str());
    return 1;
}

} // namespace

int main() {
    auto heap = mediaheap::Heap::open("memfd,size=1M,zone=installed");
    if (!heap)
        return fail(heap.error().message());
    auto block = (*heap)->allocate(640 * 480);
    if (!block)
        return fail(block.error().message());

    {
        auto mapping = block->map(mediaheap::Access::Write);
        if (!mapping)
            return fail(mapping.error().message());
        std::memcpy(mapping->data(), frame, sizeof frame);
    }
    char seen[sizeof frame] = "";
    if (pread(block->fd(), seen, sizeof seen, 0) != sizeof seen || std::strcmp(seen, frame) != 0)
        return fail("the descriptor does not hold what was written");
    if ((*heap)->stats().used < 640 * 480)
        return fail("the heap does not count the block");

    auto refused = (*heap)->allocate(2 << 20);
    if (refused)
        return fail("a heap of 1M gave 2M");
    std::printf("refused as it should be: %s\n", refused.error().message().c_str());
    return 0;
}
