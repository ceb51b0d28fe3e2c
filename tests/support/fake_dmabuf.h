// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <mediaheap/unique_fd.h>

#include "fake_fence.h"

namespace mediaheap::test {

/// One call of DMA_BUF_IOCTL_SYNC, or of its relative for parts, as the emulation received it.
struct SyncCall {
    uint64_t buffer = 0; ///< FakeKernel::identityOf() of the descriptor
    uint64_t flags = 0;  ///< DMA_BUF_SYNC_*; of a part DmabufRange's
    int result = 0;      ///< 0 or a negative errno
    bool isPart = false;
    uint64_t offset = 0; ///< of the part
    uint64_t size = 0;
};

/// An emulated DMA-BUF. Its descriptors are those of a memfd of its own, so the inode tells which
/// buffer a descriptor is, across dup and SCM_RIGHTS, and fstat gives the size. A udmabuf's pages
/// are those of another memfd, which this keeps.
struct FakeDmaBuf {
    size_t size = 0;
    std::string exporter;  ///< `exp_name` in fdinfo
    std::string name;      ///< from DMA_BUF_SET_NAME
    uint32_t physical = 0; ///< where devices find it; 0 for scattered pages
    /// A udmabuf is mapped for a device at its first START; an END before that is EINVAL
    /// (drivers/dma-buf/udmabuf.c, end_cpu_udmabuf()).
    bool endNeedsStart = false;
    bool started = false;
    bool refusesPrivateMappings = false; ///< mmap_udmabuf() takes shared ones only

    FakeReservation reservation;
    /// What somebody has polled for in vain, for reading and for writing.
    std::shared_ptr<FakeFence> polled[2];

    std::shared_ptr<UniqueFd> pages; ///< the memfd that has the data; null: the buffer's own
    uint64_t offset = 0;             ///< where in @ref pages the data begins

    /// What the kernel has against a DMA_BUF_IOCTL_SYNC now (drivers/dma-buf/dma-buf.c,
    /// dma_buf_ioctl()): a negative errno, or 0.
    int objectionToSync(uint64_t flags) const;
    /// DMA_BUF_SET_NAME: EINVAL for more than 31 bytes.
    int setName(const char* newName);
    /// The text of /proc/self/fdinfo (dma_buf_show_fdinfo()) with @p count references.
    std::string fdinfo(uint64_t inode, long count) const;
};

} // namespace mediaheap::test
