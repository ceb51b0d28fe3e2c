// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/access_counter.h"

#include <algorithm>
#include <cerrno>
#include <string>

#include "base/error.h"

namespace mediaheap {

AccessCounter::AccessCounter(DeviceSide& side, SyncStats& heapStats,
                             std::chrono::milliseconds longestWait, AccessWatcher* watcher)
    : side_(side), heapStats_(heapStats), longestWait_(longestWait), watcher_(watcher) {}

Result<void> AccessCounter::begin(Access access, ByteRange range) {
    const std::lock_guard lock(mutex_);
    if (Result<void> started = start(access, side_.reach(range)); !started)
        return started;
    if (watcher_) {
        if (Result<void> watched = watcher_->opens(access, range); !watched) {
            // What was started besides accesses that are open already ends with those.
            if (open_ == 0)
                (void)finish().ok();
            return watched;
        }
    }
    open_++;
    return {};
}

Result<void> AccessCounter::start(Access access, ByteRange range) {
    const std::vector<Part> missing = cut(access, range);
    if (missing.empty()) {
        if (side_.needsSync())
            count(&SyncStats::saved);
        return {};
    }
    if (Result<void> idle = waitForHardware(access); !idle)
        return idle;
    if (!side_.needsSync()) {
        for (const Part& part : missing)
            join(part);
        return {};
    }

    std::vector<Part> opened;
    for (const Part& part : missing) {
        const auto within = std::find_if(parts_.begin(), parts_.end(), [&](const Part& known) {
            return known.range.offset <= part.range.offset && part.range.end() <= known.range.end();
        });
        const bool fresh = within == parts_.end();
        Result<void> started;
        // A read that joins a write needs stale lines dropped, and START may drop lines that the
        // write left dirty (dma_sync_sg_for_cpu() only invalidates on arm64). They are written back
        // first.
        if (!fresh && within->access == Access::Write)
            started = issue(SyncEdge::WriteBack, Access::Write, part.range);
        if (started)
            started = issue(SyncEdge::Start, part.access, part.range);
        if (!started) {
            for (const Part& undone : opened)
                (void)issue(SyncEdge::End, undone.access, undone.range).ok();
            return started;
        }
        if (fresh)
            opened.push_back(part);
        else
            join(part);
    }
    for (const Part& part : opened)
        join(part);
    return {};
}

Result<void> AccessCounter::waitForHardware(Access access) {
    const Result<bool> idle = side_.waitUntilIdle(access, longestWait_);
    if (!idle)
        return idle.error();
    if (idle.value())
        return {};
    return makeError(ETIMEDOUT, "wait for the hardware's fences",
                     "a device has not finished with the memory after " +
                         std::to_string(longestWait_.count()) + " ms",
                     "see what the device does, or give it longer with wait= in the heap string");
}

Result<void> AccessCounter::issue(SyncEdge edge, Access access, ByteRange range) {
    Result<void> synced = side_.sync(edge, access, range);
    // An END counts even if it fails: the access is closed by it.
    if (synced || edge == SyncEdge::End) {
        count(&SyncStats::issued);
        count(&SyncStats::bytes, range.size);
    }
    return synced;
}

void AccessCounter::count(std::atomic<uint64_t> SyncStats::*member, uint64_t by) {
    stats_.*member += by;
    heapStats_.*member += by;
}

/// What of @p range has not been started for @p access yet, in pieces that each lie within one part
/// or within none; each with all that it is to be started for.
std::vector<AccessCounter::Part> AccessCounter::cut(Access access, ByteRange range) const {
    std::vector<Part> pieces;
    uint64_t at = range.offset;
    for (const Part& part : parts_) {
        if (part.range.end() <= at)
            continue;
        if (part.range.offset >= range.end())
            break;
        if (part.range.offset > at) {
            pieces.push_back({{at, part.range.offset - at}, access});
            at = part.range.offset;
        }
        const uint64_t end = std::min(part.range.end(), range.end());
        if (!includes(part.access, access))
            pieces.push_back({{at, end - at}, part.access | access});
        at = end;
    }
    if (at < range.end())
        pieces.push_back({{at, range.end() - at}, access});
    return pieces;
}

/// Enters @p piece, which came from cut(); neighbours of one kind become one part.
void AccessCounter::join(const Part& piece) {
    std::vector<Part> joined;
    for (const Part& part : parts_) {
        const bool apart =
            part.range.end() <= piece.range.offset || piece.range.end() <= part.range.offset;
        if (apart) {
            joined.push_back(part);
            continue;
        }
        if (part.range.offset < piece.range.offset)
            joined.push_back(
                {{part.range.offset, piece.range.offset - part.range.offset}, part.access});
        if (piece.range.end() < part.range.end())
            joined.push_back(
                {{piece.range.end(), part.range.end() - piece.range.end()}, part.access});
    }
    joined.push_back(piece);
    std::sort(joined.begin(), joined.end(),
              [](const Part& a, const Part& b) { return a.range.offset < b.range.offset; });

    parts_.clear();
    for (const Part& part : joined) {
        if (!parts_.empty() && parts_.back().access == part.access &&
            parts_.back().range.end() == part.range.offset)
            parts_.back().range.size += part.range.size;
        else
            parts_.push_back(part);
    }
}

Result<void> AccessCounter::end() {
    const std::lock_guard lock(mutex_);
    if (!open_)
        return makeError(EINVAL, "end a CPU access", "none is open");
    const bool last = --open_ == 0;
    // First, so that nothing is written behind the back of the END.
    Result<void> watched = watcher_ ? watcher_->closes(last) : Result<void>();
    if (!last) {
        if (side_.needsSync())
            count(&SyncStats::saved);
        return watched;
    }
    Result<void> finished = finish();
    return finished ? std::move(watched) : std::move(finished);
}

Result<void> AccessCounter::beginManual(size_t size) {
    const std::lock_guard lock(mutex_);
    const ByteRange whole{0, size};
    if (side_.needsSync()) {
        if (Result<void> begun = side_.beginManual(size); !begun)
            return begun;
    }
    if (watcher_) {
        if (Result<void> watched = watcher_->opens(Access::ReadWrite, whole); !watched) {
            if (side_.needsSync())
                (void)side_.endManual(size).ok();
            return watched;
        }
    }
    join({whole, Access::ReadWrite});
    manual_ = size;
    open_++;
    return {};
}

Result<void> AccessCounter::flush(ByteRange range) {
    const std::lock_guard lock(mutex_);
    if (manual_ == 0)
        return makeError(EINVAL, "flush", "the block's accesses are synced as they open and close",
                         "allocate it with AllocOptions::manualSync");
    return flushManual(range);
}

Result<void> AccessCounter::flushManual(ByteRange range) {
    if (!side_.needsSync())
        return {};
    const ByteRange reached = side_.reach(range);
    Result<void> flushed = side_.flush(reached, longestWait_);
    if (flushed) {
        count(&SyncStats::issued, 2); // one out, one in
        count(&SyncStats::bytes, reached.size);
    }
    return flushed;
}

Result<void> AccessCounter::endManual() {
    const std::lock_guard lock(mutex_);
    if (manual_ == 0)
        return {};
    const bool last = --open_ == 0;
    Result<void> watched = watcher_ ? watcher_->closes(last) : Result<void>();
    Result<void> ended = side_.needsSync() ? side_.endManual(manual_) : Result<void>();
    manual_ = 0;
    if (last)
        parts_.clear();
    return ended ? std::move(watched) : std::move(ended);
}

Result<void> AccessCounter::maintain(Access access, ByteRange range) {
    const std::lock_guard lock(mutex_);
    // What is open for all of the block's life is neither opened nor closed by its maintenance.
    if (manual_ != 0)
        return flushManual(range);
    if (!side_.needsSync())
        return {};
    range = side_.reach(range);
    if (includes(access, Access::Write)) {
        Result<void> written =
            issue(open_ ? SyncEdge::WriteBack : SyncEdge::End, Access::Write, range);
        // udmabuf takes no END before its first START.
        if (!written && written.error().code == EINVAL &&
            issue(SyncEdge::Start, Access::Write, range))
            written = issue(SyncEdge::End, Access::Write, range);
        if (!written)
            return written;
    }
    if (!includes(access, Access::Read))
        return {};
    if (Result<void> idle = waitForHardware(Access::Read); !idle)
        return idle;
    Result<void> dropped = issue(SyncEdge::Start, Access::Read, range);
    if (dropped && !open_)
        dropped = issue(SyncEdge::End, Access::Read, range);
    return dropped;
}

/// Ends all that was started.
Result<void> AccessCounter::finish() {
    const std::vector<Part> parts = std::move(parts_);
    parts_.clear();
    Result<void> result;
    if (side_.needsSync()) {
        for (const Part& part : parts) {
            Result<void> ended = issue(SyncEdge::End, part.access, part.range);
            if (!ended && result)
                result = std::move(ended);
        }
    }
    return result;
}

} // namespace mediaheap
