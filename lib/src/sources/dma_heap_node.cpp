// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sources/dma_heap_node.h"

#include <fcntl.h>
#include <linux/dma-heap.h>

#include "kernel/kernel.h"
#include "kernel/retry.h"

namespace mediaheap {

int allocateFromNode(Kernel& kernel, int node, size_t size) {
    dma_heap_allocation_data data{};
    const int result = uninterrupted([&] {
        data = {};
        data.len = size;
        data.fd_flags = O_RDWR | O_CLOEXEC;
        return kernel.ioctl(node, DMA_HEAP_IOCTL_ALLOC, &data);
    });
    return result < 0 ? result : static_cast<int>(data.fd);
}

} // namespace mediaheap
