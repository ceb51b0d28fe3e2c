// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/access_counter.h"

#include <cerrno>

#include "base/error.h"
#include "kernel/kernel.h"
#include "sync/dmabuf_sync.h"

namespace mediaheap {

AccessCounter::AccessCounter(Kernel& kernel, int fd, bool syncs, SyncStats& stats)
    : kernel_(kernel), fd_(fd), syncs_(syncs), stats_(stats) {}

Result<void> AccessCounter::begin(Access access) {
    const std::lock_guard lock(mutex_);
    if (syncs_) {
        Result<void> started = startOrJoin(access);
        if (!started)
            return started;
    }
    joined_ = open_ ? joined_ | access : access;
    open_++;
    return {};
}

Result<void> AccessCounter::startOrJoin(Access access) {
    if (open_ && includes(joined_, access)) {
        stats_.saved++;
        return {};
    }

    // A read that joins a write needs stale lines dropped, and START may drop lines that the write
    // left dirty (dma_sync_sg_for_cpu() only invalidates on arm64). They are written back first.
    if (open_ && joined_ == Access::Write) {
        Result<void> cleaned = syncDmabuf(kernel_, fd_, SyncEdge::End, Access::Write);
        if (!cleaned)
            return cleaned;
        stats_.issued++;
    }

    Result<void> started =
        syncDmabuf(kernel_, fd_, SyncEdge::Start, open_ ? joined_ | access : access);
    if (started)
        stats_.issued++;
    return started;
}

Result<void> AccessCounter::end() {
    const std::lock_guard lock(mutex_);
    if (!open_)
        return makeError(EINVAL, "end a CPU access", "none is open");
    if (--open_ > 0) {
        if (syncs_)
            stats_.saved++;
        return {};
    }
    if (!syncs_)
        return {};
    stats_.issued++;
    return syncDmabuf(kernel_, fd_, SyncEdge::End, joined_);
}

} // namespace mediaheap
