// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/dmabuf_side.h"

#include <cerrno>
#include <cstdlib>
#include <linux/dma-buf.h>
#include <string>
#include <sys/ioctl.h> // the macros that headers of Linux before 5.15 leave to us

#include "base/error.h"
#include "kernel/files.h"
#include "kernel/kernel.h"

namespace mediaheap {

static_assert(static_cast<uint32_t>(Access::Read) == DMA_BUF_SYNC_READ);
static_assert(static_cast<uint32_t>(Access::Write) == DMA_BUF_SYNC_WRITE);

namespace {

/// The `count:` line of a DMA-BUF's fdinfo (Linux, drivers/dma-buf/dma-buf.c,
/// dma_buf_show_fdinfo()): the references to its file. Nothing where the kernel gives no such line
/// (before 5.3) or /proc is not mounted.
Result<std::optional<uint64_t>> readCount(Kernel& kernel, int fd) {
    const Result<std::string> text =
        readSmallFile(kernel, "/proc/self/fdinfo/" + std::to_string(fd));
    if (!text && text.error().code != ENOENT)
        return text.error();
    const std::string marker = "\ncount:";
    const size_t at = text ? text.value().find(marker) : std::string::npos;
    if (at == std::string::npos)
        return std::optional<uint64_t>();
    const char* const digits = text.value().c_str() + at + marker.size();
    return std::optional<uint64_t>(std::strtoull(digits, nullptr, 10));
}

} // namespace

/// "The ioctl can be interrupted by a signal and must be restarted" (Linux,
/// Documentation/driver-api/dma-buf.rst).
Result<void> DmabufSide::sync(SyncEdge edge, Access access, ByteRange) {
    const uint64_t edgeBit = edge == SyncEdge::Start ? DMA_BUF_SYNC_START : DMA_BUF_SYNC_END;
    int result = 0;
    do {
        dma_buf_sync sync{};
        sync.flags = edgeBit | static_cast<uint64_t>(access);
        result = kernel_.ioctl(fd_, DMA_BUF_IOCTL_SYNC, &sync);
    } while (result == -EINTR || result == -EAGAIN);

    if (result >= 0)
        return {};
    return makeError(-result, edge == SyncEdge::Start
                                  ? "start a CPU access (DMA_BUF_IOCTL_SYNC START)"
                                  : "end a CPU access (DMA_BUF_IOCTL_SYNC END)");
}

Result<void> DmabufSide::settle() {
    Result<std::optional<uint64_t>> count = readCount(kernel_, fd_);
    if (!count)
        return std::move(count).error();
    baseline_ = count.value();
    return {};
}

Holders DmabufSide::holders(bool) const {
    if (!baseline_)
        return Holders::Unknown;
    const Result<std::optional<uint64_t>> count = readCount(kernel_, fd_);
    if (!count || !count.value())
        return Holders::Unknown;
    return *count.value() > *baseline_ ? Holders::Some : Holders::None;
}

Result<bool> DmabufSide::waitUntilIdle(Access, std::chrono::milliseconds) { return true; }

} // namespace mediaheap
