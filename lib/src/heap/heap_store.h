// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "heap/backing.h"
#include "heap/block_cache.h"
#include "heap/block_request.h"
#include "heap/quarantine.h"
#include "heap/zone_set.h"

namespace mediaheap {

/// Where all memory of a heap is, in use or not: its zones, what was freed and is kept, and what
/// was freed while somebody still holds it.
///
/// Thread safety: none; HeapCore locks. What is to be dropped goes to the caller's list, who drops
/// it outside his lock.
class HeapStore {
public:
    /// @p places: blocks lie in the source's memory where their zones place them. Elsewhere their
    /// offsets are labels, whatever the zones make of them.
    HeapStore(ZoneSet zones, uint64_t cacheBound, bool places)
        : zones_(std::move(zones)), places_(places), cache_(cacheBound, places) {}

    const ZoneSet& zones() const noexcept { return zones_; }
    uint64_t cachedBytes() const noexcept { return cache_.bytes(); }

    struct Placement {
        uint64_t offset = 0;
        size_t size = 0;               ///< at least what was asked for
        std::optional<Backing> reused; ///< memory of that kind which lies there already
    };

    /// Reserves a place, and takes what was kept for it.
    ///
    /// Errors: ENOMEM with who has the memory.
    Result<Placement> place(const BlockRequest& request, BlockCache::Doomed& doomed);
    void attach(uint64_t offset, const BlockState* block) { zones_.attach(offset, block); }
    void publish(HeapTable* table) { zones_.publish(table); }
    /// Where the block at @p offset is in the published table.
    HeapTable::Slot slotOf(uint64_t offset) const { return zones_.find(offset)->slot; }
    /// The place was reserved for a block that never came to be.
    void abandon(uint64_t offset) { zones_.release(offset); }

    /// Takes back what a block had, and @p holders still have. Nothing is kept @p forGood.
    void giveBack(Backing backing, Holders holders, bool forGood, BlockCache::Doomed& doomed);

    /// Looks whether those who held memory have let go.
    void collectFreed(BlockCache::Doomed& doomed);
    /// Gives up everything that is kept.
    void emptyCache(BlockCache::Doomed& doomed) { cache_.evictTo(0, doomed); }
    /// Gives up what somebody else holds, too: it stays with him.
    void leaveHeld(BlockCache::Doomed& doomed);

    /// Empty when all parts agree with each other, else what does not.
    std::string validate() const;

private:
    ZoneSet zones_;
    const bool places_;
    BlockCache cache_;
    Quarantine quarantine_;
};

} // namespace mediaheap
