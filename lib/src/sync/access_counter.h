// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

#include <mediaheap/access.h>
#include <mediaheap/result.h>

#include "sync/access_watcher.h"
#include "sync/byte_range.h"
#include "sync/device_side.h"

namespace mediaheap {

/// What CPU accesses cost, of one block or of all blocks of a heap.
struct SyncStats {
    std::atomic<uint64_t> issued{0}; ///< syncs
    std::atomic<uint64_t> saved{0};  ///< syncs that counting made unnecessary
    std::atomic<uint64_t> bytes{0};  ///< what the issued ones reached
};

/// The CPU accesses open on one block, brought down to the fewest syncs: START when the first
/// opens, END with the union when the last closes, and in between only what a new kind of access,
/// or an access to another part, needs.
///
/// Thread safety: all members from any thread. A START may wait for the hardware; other threads
/// that want to open an access wait with it, since the memory is not theirs before.
class AccessCounter {
public:
    /// @p side, the statistics of the heap and @p watcher, where there is one, must outlive this.
    /// An access waits no longer than @p longestWait for the hardware's fences.
    AccessCounter(DeviceSide& side, SyncStats& heapStats, std::chrono::milliseconds longestWait,
                  AccessWatcher* watcher = nullptr);

    /// Opens an access to a part of the block. On failure nothing was opened; accesses that were
    /// open before stay open.
    ///
    /// Errors: ETIMEDOUT where the hardware is not done in time; what the exporter and the watcher
    /// answer.
    Result<void> begin(Access access, ByteRange range);
    /// Closes one access. On failure it is closed all the same. EINVAL when none is open.
    Result<void> end();

    /// The CPU touches the memory at any time from here on; counts as one access that is open,
    /// which covers all others. To be called while none is.
    ///
    /// Errors: what the exporter and the watcher answer; nothing is open then.
    Result<void> beginManual(size_t size);
    /// Brings a part in step with the hardware. EINVAL outside of manual access.
    Result<void> flush(ByteRange range);
    /// On failure it is ended all the same.
    Result<void> endManual();

    /// See Block::maintainCaches(). What is open stays open.
    ///
    /// Errors: as of begin().
    Result<void> maintain(Access access, ByteRange range);

    /// Without waiting for a START that is under way.
    unsigned open() const noexcept { return open_.load(); }

    const SyncStats& stats() const noexcept { return stats_; }

private:
    /// A part of the block that has been started, with all that it has been started for.
    struct Part {
        ByteRange range;
        Access access;
    };

    Result<void> flushManual(ByteRange range);
    Result<void> waitForHardware(Access access);
    Result<void> start(Access access, ByteRange range);
    Result<void> finish();
    Result<void> issue(SyncEdge edge, Access access, ByteRange range);
    void count(std::atomic<uint64_t> SyncStats::*member, uint64_t by = 1);
    std::vector<Part> cut(Access access, ByteRange range) const;
    void join(const Part& part);

    DeviceSide& side_;
    SyncStats& heapStats_;
    const std::chrono::milliseconds longestWait_;
    AccessWatcher* const watcher_; // null where nobody wants to know
    SyncStats stats_;
    std::mutex mutex_;
    std::atomic<unsigned> open_{0};
    size_t manual_ = 0;       // bytes of the block while the CPU's accesses are not bracketed
    std::vector<Part> parts_; // disjoint, by offset; only while open_
};

} // namespace mediaheap
