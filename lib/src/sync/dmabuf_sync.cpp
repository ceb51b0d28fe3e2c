// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/dmabuf_sync.h"

#include <cerrno>
#include <linux/dma-buf.h>
#include <sys/ioctl.h> // the macros that headers of Linux before 5.15 leave to us

#include "base/error.h"
#include "kernel/kernel.h"

namespace mediaheap {

static_assert(static_cast<uint32_t>(Access::Read) == DMA_BUF_SYNC_READ);
static_assert(static_cast<uint32_t>(Access::Write) == DMA_BUF_SYNC_WRITE);

Result<void> syncDmabuf(Kernel& kernel, int fd, SyncEdge edge, Access access) {
    const uint64_t edgeBit = edge == SyncEdge::Start ? DMA_BUF_SYNC_START : DMA_BUF_SYNC_END;
    int result = 0;
    do {
        dma_buf_sync sync{};
        sync.flags = edgeBit | static_cast<uint64_t>(access);
        result = kernel.ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
    } while (result == -EINTR || result == -EAGAIN);

    if (result >= 0)
        return {};
    return makeError(-result, edge == SyncEdge::Start
                                  ? "start a CPU access (DMA_BUF_IOCTL_SYNC START)"
                                  : "end a CPU access (DMA_BUF_IOCTL_SYNC END)");
}

} // namespace mediaheap
