// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <mediaheap/unique_fd.h>

namespace mediaheap::test {

/// A program that knows ArtInChip's node by its ioctls alone, with numbers of its own. Calls return
/// a negative errno where they fail.
class BareMpp {
public:
    explicit BareMpp(const std::string& node = "/dev/dma_heap/mpp");

    bool isOpen() const { return node_.isValid(); }
    /// DMA_HEAP_IOCTL_ALLOC; the arguments beside the size are for mistakes.
    int allocate(uint64_t size, uint32_t fd = 0, uint32_t flags = 02000002,
                 uint64_t heapFlags = 0) const;
    int destroy() const;

    static int sync(int fd, uint64_t flags);
    static int syncRange(int fd, uint64_t start, uint64_t size, uint64_t flags);
    /// 0 where the kernel tells none.
    static uint32_t physical(int fd);

private:
    UniqueFd node_;
};

} // namespace mediaheap::test
