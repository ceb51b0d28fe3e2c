// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The ioctls of a DMA-BUF, with what the headers of the machine we are built on may lack.
#pragma once

#include <cstdint>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>

#ifndef DMA_BUF_IOCTL_EXPORT_SYNC_FILE // Linux 6.0
struct dma_buf_export_sync_file {
    uint32_t flags;
    int32_t fd;
};
struct dma_buf_import_sync_file {
    uint32_t flags;
    int32_t fd;
};
#define DMA_BUF_IOCTL_EXPORT_SYNC_FILE _IOWR(DMA_BUF_BASE, 2, struct dma_buf_export_sync_file)
#define DMA_BUF_IOCTL_IMPORT_SYNC_FILE _IOW(DMA_BUF_BASE, 3, struct dma_buf_import_sync_file)
#endif

namespace mediaheap {

/// ArtInChip's cache maintenance of a part of a buffer (their Linux 5.10 for RISC-V,
/// include/uapi/linux/dma-buf.h and drivers/dma-buf/dma-buf.c, dma_buf_sync_range()). It goes by
/// the caller's own addresses, knows neither START nor END, waits for no fence, and checks no
/// flags: what does not write back invalidates. The flags have other meanings than those of
/// DMA_BUF_IOCTL_SYNC with the same values.
struct DmabufRange {
    uint64_t start; ///< address of the first byte in this process
    uint64_t size;
    uint64_t flags;

    static constexpr uint64_t writeBack = 1;
    static constexpr uint64_t invalidate = 2;
    static constexpr uint64_t line = 64; ///< bytes of a cache line of the cores that have it
    static constexpr unsigned long ioctl = 0x40186202;
};
static_assert(DmabufRange::ioctl == _IOW(DMA_BUF_BASE, 2, DmabufRange));

} // namespace mediaheap
