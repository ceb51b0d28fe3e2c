// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <sys/ioctl.h> // the macros that headers of Linux before 5.15 leave to us

namespace mediaheap {

/// What ArtInChip's kernel answers beyond the mainline one (their Linux 5.10,
/// include/uapi/linux/dma-heap.h and dma-buf.h); DmabufRange has the third.
struct MppIoctl {
    static constexpr unsigned long destroy = 0x40044801;            ///< of the heap's node
    static constexpr unsigned long getPhysicalAddress = 0x80046203; ///< of a buffer
};
static_assert(MppIoctl::destroy == _IOW(DMA_HEAP_IOC_MAGIC, 1, unsigned));
static_assert(MppIoctl::getPhysicalAddress == _IOR(DMA_BUF_BASE, 3, unsigned));

} // namespace mediaheap
