// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/sync_ioctl.h"

#include <cerrno>
#include <linux/dma-buf.h>
#include <sys/ioctl.h> // the macros that headers of Linux before 5.15 leave to us

#include "kernel/kernel.h"

namespace mediaheap {

static_assert(static_cast<uint32_t>(Access::Read) == DMA_BUF_SYNC_READ);
static_assert(static_cast<uint32_t>(Access::Write) == DMA_BUF_SYNC_WRITE);

uint64_t syncFlags(SyncEdge edge, Access access) noexcept {
    const uint64_t edgeBit = edge == SyncEdge::Start ? DMA_BUF_SYNC_START : DMA_BUF_SYNC_END;
    return edgeBit | static_cast<uint64_t>(access);
}

int syncIoctl(Kernel& kernel, int fd, uint64_t& flags) {
    int result = 0;
    dma_buf_sync sync{};
    do {
        sync.flags = flags;
        result = kernel.ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
    } while (result == -EINTR || result == -EAGAIN);
    flags = sync.flags;
    return result;
}

const char* describeSync(SyncEdge edge) noexcept {
    return edge == SyncEdge::Start ? "start a CPU access (DMA_BUF_IOCTL_SYNC START)"
                                   : "end a CPU access (DMA_BUF_IOCTL_SYNC END)";
}

} // namespace mediaheap
