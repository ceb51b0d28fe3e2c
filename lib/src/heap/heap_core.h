// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <mediaheap/heap.h>
#include <mediaheap/result.h>
#include <mediaheap/source_info.h>
#include <mediaheap/stats.h>

#include "heap/backing.h"
#include "heap/block_request.h"
#include "heap/heap_store.h"
#include "heap/heap_string.h"
#include "sources/source.h"
#include "sync/access_counter.h"
#include "sync/access_guard.h"
#include "tables/heap_offer.h"
#include "tables/heap_table.h"

namespace mediaheap {

class BlockState;
class Kernel;
struct HeapOpening;

/// The works of a Heap: one source, its zones, and what was freed and may be used again.
///
/// Thread safety: all members from any thread. One mutex guards the tables; system calls that can
/// take long (making memory, clearing it, dropping it) are made outside it.
class HeapCore {
public:
    /// Opens the source of @p string and works out what was left to defaults.
    static Result<std::unique_ptr<HeapCore>> open(Kernel& kernel, const HeapString& string);
    ~HeapCore();

    /// Whether somebody who opens @p wanted can be given this heap.
    ///
    /// Errors: EOPNOTSUPP a wish that the source cannot honour; EBUSY a key that says otherwise,
    /// with the form in which this was opened first.
    Result<void> checkShared(const HeapString& wanted) const;

    const std::string& description() const noexcept { return description_; }
    /// The heap string with every default worked out.
    const HeapString& effective() const noexcept { return effective_; }
    const SourceTraits& traits() const noexcept { return traits_; }
    /// Of a block at @p offset; for as long as the heap lives.
    uint64_t addressOf(uint64_t offset) const {
        return store_.zones().at(offset).addressOf(offset);
    }
    Kernel& kernel() noexcept { return kernel_; }
    SyncStats& syncStats() noexcept { return syncStats_; }
    /// How long an access waits for the hardware's fences.
    std::chrono::milliseconds longestWait() const noexcept { return longestWait_; }
    /// What the mappings of blocks are guarded with; null without sanitize=1.
    const AccessGuard::Settings* guardSettings() const noexcept {
        return *effective_.sanitize ? &guardSettings_ : nullptr;
    }
    /// Whether blocks are to remember who opened the accesses to them.
    bool tracesAccesses() const noexcept { return *effective_.sanitize || traits_.simulated; }

    Result<std::shared_ptr<BlockState>> allocate(std::shared_ptr<Heap> heap, size_t size,
                                                 const AllocOptions& options);
    /// From BlockState: one CPU access more is open on the block of that place in the table, or one
    /// less.
    void countAccess(HeapTable::Slot slot, int change) noexcept {
        if (table_)
            table_->countAccess(slot, change);
    }
    /// From BlockState, when the last user is gone.
    void giveBack(Backing backing);

    Stats stats();
    std::vector<simulated::Violation> takeViolations(uint64_t device);
    uint64_t trim();
    Result<void> destroy();
    bool isDestroyed() const;
    Result<void> validate();
    std::string report(ReportFormat format);

    std::vector<SourceInfo> passedOver; // set once, before the heap is handed out

private:
    HeapCore(Kernel& kernel, HeapOpening opening);

    Result<std::shared_ptr<BlockState>> tryAllocate(std::shared_ptr<Heap> heap, size_t size,
                                                    const AllocOptions& options);
    Result<HeapStore::Placement> place(const BlockRequest& request);
    Result<Backing> makeBacking(const BlockRequest& request, uint64_t offset, size_t size);
    void nameBuffer(Backing& backing, const std::string& name);

    void publish();

    // With mutex_ held.
    uint64_t discardGaps(BlockCache::Doomed& doomed);
    Stats statsLocked() const;

    Kernel& kernel_;
    const SourceTraits traits_;
    const HeapString effective_;
    const std::string description_;
    const size_t page_;
    const std::chrono::milliseconds longestWait_;
    SyncStats syncStats_;
    std::atomic<unsigned> strays_{0}; // no wider: a signal handler counts, without a lock
    const AccessGuard::Settings guardSettings_;

    const std::shared_ptr<ViolationLog> violations_; // null where none can be seen
    std::unique_ptr<Source> source_; // until destroy(); never reset while a block lives
    mutable std::mutex mutex_;
    std::unique_ptr<HeapTable> table_; // null where it cannot be; set before anybody has the heap
    HeapStore store_;
    std::unique_ptr<HeapOffer> offer_; // last: nobody asks any more when the rest goes
    bool destroyed_ = false;
    bool gone_ = false; // destroyed, and no opening it anew before a reboot
    uint64_t allocations_ = 0;
    uint64_t recycled_ = 0;
    uint64_t failures_ = 0;
};

} // namespace mediaheap
