// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/access_trace.h"

#include <algorithm>
#include <iterator>
#include <sys/syscall.h>
#include <unistd.h>

#include "sync/access_guard.h"

namespace mediaheap {

Result<void> AccessTrace::opens(Access access, ByteRange range) {
    const AccessRecord record = AccessRecord::capture(access, range);
    const std::lock_guard lock(mutex_);
    const Access joined = joined_ ? *joined_ | access : access;
    if (guard_) {
        const AccessRecord& oldest = open_.empty() ? record : open_.front();
        if (Result<void> opened = guard_->accessOpens(joined, oldest); !opened)
            return opened;
    }
    joined_ = joined;
    open_.push_back(record);
    return {};
}

Result<void> AccessTrace::closes(bool last) {
    const std::lock_guard lock(mutex_);
    const std::optional<AccessRecord> ended = takeEnded();
    if (last) {
        open_.clear();
        joined_.reset();
    }
    if (!guard_ || !ended)
        return {};
    return guard_->accessCloses(joined_, *ended, open_.empty() ? AccessRecord() : open_.front());
}

std::optional<AccessRecord> AccessTrace::takeEnded() {
    if (open_.empty())
        return std::nullopt;
    const auto thread = static_cast<pid_t>(::syscall(SYS_gettid));
    const auto mine = std::find_if(open_.rbegin(), open_.rend(), [&](const AccessRecord& record) {
        return record.thread == thread;
    });
    const auto at = mine != open_.rend() ? std::prev(mine.base()) : std::prev(open_.end());
    const AccessRecord ended = *at;
    open_.erase(at);
    return ended;
}

std::vector<AccessRecord> AccessTrace::open() const {
    const std::lock_guard lock(mutex_);
    return open_;
}

} // namespace mediaheap
