// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/dmabuf_side.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <string>

#include "base/deadline.h"
#include "base/error.h"
#include "kernel/await.h"
#include "kernel/files.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"
#include "sync/dmabuf_uapi.h"
#include "sync/sync_ioctl.h"

namespace mediaheap {

namespace {

using Answer = DmabufAbilities::Answer;
using std::chrono::milliseconds;

/// What poll(2) of a DMA-BUF is asked for: POLLIN comes when its writers are done, POLLOUT when all
/// are (Linux, Documentation/driver-api/dma-buf.rst, "Implicit Fence Poll Support").
short eventsFor(Access access) { return includes(access, Access::Write) ? POLLOUT : POLLIN; }

/// Whether a kernel or an exporter that answers @p error does not know what it was asked.
bool isUnknownTo(int error) { return error == ENOTTY || error == EOPNOTSUPP || error == ENOSYS; }

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

ByteRange DmabufSide::reach(ByteRange range) const noexcept {
    if (rangedFrom_ == nullptr)
        return {0, size_};
    constexpr uint64_t within = DmabufRange::line - 1;
    const uint64_t begin = range.offset & ~within;
    const uint64_t end = std::min<uint64_t>((range.end() + within) & ~within, size_);
    return {begin, end - begin};
}

Result<void> DmabufSide::sync(SyncEdge edge, Access access, ByteRange range) {
    const bool start = edge == SyncEdge::Start;
    int result = 0;
    if (rangedFrom_ != nullptr) {
        // A write invalidates as well: what it leaves of a line must not be written back stale.
        result = syncRange(start ? DmabufRange::invalidate : DmabufRange::writeBack, range);
    } else {
        uint64_t flags = syncFlags(edge, access);
        result = syncIoctl(kernel_, fd_, flags);
    }

    if (result >= 0)
        return {};
    const std::string call =
        rangedFrom_ != nullptr ? "DMA_BUF_IOCTL_SYNC_RANGE" : "DMA_BUF_IOCTL_SYNC";
    return makeError(-result, start ? "start a CPU access (" + call + " START)"
                                    : "end a CPU access (" + call + " END)");
}

int DmabufSide::syncRange(uint64_t flags, ByteRange range) noexcept {
    int result = 0;
    do {
        DmabufRange request{};
        request.start = reinterpret_cast<uintptr_t>(rangedFrom_ + range.offset);
        request.size = range.size;
        request.flags = flags;
        result = kernel_.ioctl(fd_, DmabufRange::ioctl, &request);
    } while (result == -EINTR || result == -EAGAIN);
    return result;
}

void DmabufSide::mappedAt(void* address) noexcept {
    // Asked once: another thread may find the answer at any moment.
    const Answer known = abilities_->syncsRanges;
    if (known == Answer::No)
        return;
    rangedFrom_ = static_cast<char*>(address);
    if (known == Answer::Unknown && !tryRange())
        rangedFrom_ = nullptr;
}

/// Writing a line back that nobody has written to disturbs nobody.
bool DmabufSide::tryRange() noexcept {
    const int result =
        syncRange(DmabufRange::writeBack, {0, std::min<uint64_t>(size_, DmabufRange::line)});
    if (result >= 0)
        abilities_->syncsRanges = Answer::Yes;
    else if (isUnknownTo(-result) || result == -EINVAL)
        abilities_->syncsRanges = Answer::No;
    return result >= 0;
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

Result<bool> DmabufSide::waitUntilIdle(Access access, milliseconds longest) {
    const Deadline deadline(longest);
    Result<bool> idle = fences_.waitUntilIdle(access, longest);
    if (!idle || !idle.value())
        return idle;
    // One call where nothing is pending. What comes while this waits is waited for as well: START
    // would, and without an end.
    for (;;) {
        idle = await(kernel_, fd_, eventsFor(access), Deadline(milliseconds::zero()));
        if (!idle || idle.value() || deadline.hasPassed())
            return idle;
        idle = waitForFences(access, deadline);
        if (!idle || !idle.value())
            return idle;
    }
}

/// Waits for the fences that are there now; on a kernel that cannot name them, for a moment without
/// any.
Result<bool> DmabufSide::waitForFences(Access access, const Deadline& deadline) {
    if (abilities_->exportsFences != Answer::No) {
        if (const Result<UniqueFd> fence = exportFence(access); fence)
            return await(kernel_, fence.value().get(), POLLIN, deadline);
    }
    return await(kernel_, fd_, eventsFor(access), deadline);
}

Result<void> DmabufSide::importFence(UniqueFd fence, Access access) {
    constexpr const char* step = "import a fence (DMA_BUF_IOCTL_IMPORT_SYNC_FILE)";
    if (!fence.isValid())
        return makeError(EBADF, step, "no descriptor", "hand over an open sync_file");
    if (abilities_->importsFences != Answer::No) {
        const int result = uninterrupted([&] {
            dma_buf_import_sync_file request{static_cast<uint32_t>(access), fence.get()};
            return kernel_.ioctl(fd_, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &request);
        });
        if (result >= 0) {
            abilities_->importsFences = Answer::Yes;
            return {};
        }
        if (!isUnknownTo(-result))
            return result == -EINVAL
                       ? makeError(EINVAL, step, "the descriptor is no sync_file",
                                   "hand over what the device's driver gave as its fence")
                       : makeError(-result, step);
        abilities_->importsFences = Answer::No;
    }
    return fences_.add(std::move(fence), access);
}

Result<UniqueFd> DmabufSide::exportFence(Access access) {
    constexpr const char* step = "export a fence (DMA_BUF_IOCTL_EXPORT_SYNC_FILE)";
    dma_buf_export_sync_file request{};
    const int result = abilities_->exportsFences == Answer::No ? -ENOTTY : uninterrupted([&] {
        request = {static_cast<uint32_t>(access), -1};
        return kernel_.ioctl(fd_, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &request);
    });
    if (result >= 0) {
        abilities_->exportsFences = Answer::Yes;
        return UniqueFd(request.fd);
    }
    if (isUnknownTo(-result)) {
        abilities_->exportsFences = Answer::No;
        return makeError(EOPNOTSUPP, step, "this kernel cannot", "use Linux 6.0 or newer");
    }
    return makeError(-result, step, {},
                     result == -EMFILE ? "close descriptors or raise the limit (ulimit -n)" : "");
}

} // namespace mediaheap
