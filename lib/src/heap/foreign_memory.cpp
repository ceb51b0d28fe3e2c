// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/foreign_memory.h"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/error.h"
#include "heap/heap_core.h"
#include "kernel/kernel.h"
#include "sync/dmabuf_side.h"
#include "sync/plain_side.h"
#include "sync/sync_ioctl.h"

namespace mediaheap {

namespace {

/// A sync in no direction is the one that a DMA-BUF refuses as such and does nothing for (Linux,
/// drivers/dma-buf/dma-buf.c, dma_buf_ioctl()); any other file does not know the call.
bool isDmaBuf(Kernel& kernel, int fd) {
    uint64_t noDirection = 0;
    return syncIoctl(kernel, fd, noDirection) == -EINVAL;
}

/// The bytes of the memory behind @p fd.
Result<uint64_t> sizeOf(Kernel& kernel, int fd, bool dmabuf, const std::string& step) {
    FileInfo info;
    if (const int described = kernel.describe(fd, info); described < 0)
        return makeError(-described, step);
    if (!dmabuf && !S_ISREG(info.mode))
        return makeError(EINVAL, step, "it is neither a DMA-BUF nor a regular file",
                         "hand over what an exporter, memfd_create() or shm_open() gave");
    if (info.size != 0)
        return info.size;
    // Only the end of a DMA-BUF can be sought, and nothing moves with it (dma_buf_llseek()).
    const int64_t end = dmabuf ? kernel.seek(fd, 0, SEEK_END) : 0;
    if (end < 0)
        return makeError(static_cast<int>(-end), step);
    return static_cast<uint64_t>(end);
}

} // namespace

Result<Backing> wrapForeignMemory(HeapCore& core, UniqueFd fd, size_t size) {
    Kernel& kernel = core.kernel();
    const std::string step = "wrap descriptor " + std::to_string(fd.get());
    if (core.isDestroyed())
        return makeError(ENODEV, step, "the heap was destroyed", "open it anew");
    if (core.traits().simulated)
        return makeError(EOPNOTSUPP, step, "no simulated device reaches memory from elsewhere",
                         "copy it into the heap, or wrap it for a heap of another source");
    if (const int kept = fd.isValid() ? kernel.control(fd.get(), F_SETFD, FD_CLOEXEC) : -EBADF;
        kept < 0)
        return makeError(-kept, step);

    const bool dmabuf = isDmaBuf(kernel, fd.get());
    const Result<uint64_t> whole = sizeOf(kernel, fd.get(), dmabuf, step);
    if (!whole)
        return whole.error();
    if (whole.value() == 0 || whole.value() < size)
        return makeError(EINVAL, step,
                         "its file has " + std::to_string(whole.value()) + " bytes, not the " +
                             std::to_string(size) + " that were asked for",
                         "ask for what is there, or for 0 bytes to have all");
    if (whole.value() > SIZE_MAX)
        return makeError(EOVERFLOW, step, "no address space holds its file");

    SourceMemory memory;
    const auto bytes = static_cast<size_t>(whole.value());
    if (dmabuf)
        memory.side = std::make_unique<DmabufSide>(kernel, fd.get(), bytes);
    else
        memory.side = std::make_unique<PlainSide>(kernel, bytes);
    memory.fd = std::move(fd);
    Result<Backing> backing =
        Backing::make(kernel, std::move(memory), bytes, kernel.pageSize(), core.guardSettings());
    if (!backing) {
        Error error = std::move(backing).error();
        error.step = step + ": " + error.step;
        return error;
    }
    backing->foreign = true;
    return backing;
}

} // namespace mediaheap
