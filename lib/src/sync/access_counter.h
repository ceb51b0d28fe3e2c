// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include <mediaheap/access.h>
#include <mediaheap/result.h>

namespace mediaheap {

class Kernel;

/// What the accesses of all blocks of one heap cost.
struct SyncStats {
    std::atomic<uint64_t> issued{0};
    std::atomic<uint64_t> saved{0};
};

/// The CPU accesses open on one block, brought down to the fewest syncs: START when the first
/// opens, END with the union when the last closes, and in between only what a new kind of access
/// needs.
///
/// Thread safety: all members from any thread. A START may wait for the hardware; other threads
/// that want to open an access wait with it, since the memory is not theirs before.
class AccessCounter {
public:
    /// @p syncs is false for memory that no hardware sees: then accesses are only counted. The
    /// kernel, the descriptor and the statistics must outlive this.
    AccessCounter(Kernel& kernel, int fd, bool syncs, SyncStats& stats);

    /// On failure nothing was opened; accesses that were open before stay open.
    Result<void> begin(Access access);
    /// On failure the access is closed all the same. EINVAL when none is open.
    Result<void> end();

    /// Without waiting for a START that is under way.
    unsigned open() const noexcept { return open_.load(); }

private:
    Result<void> startOrJoin(Access access);

    Kernel& kernel_;
    const int fd_;
    const bool syncs_;
    SyncStats& stats_;
    std::mutex mutex_;
    std::atomic<unsigned> open_{0};
    Access joined_ = Access::Read; // union of the accesses since the first; only while open_
};

} // namespace mediaheap
