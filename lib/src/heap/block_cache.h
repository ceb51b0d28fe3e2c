// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "heap/backing.h"

namespace mediaheap {

/// Freed memory kept open and mapped for the next block of its size, within a bound. Its bytes
/// count as free and it never changes where a block is placed: where the source places, only memory
/// that lies exactly where the new block goes is reused, and memory that a new block overlaps is
/// given up.
///
/// Whatever leaves the cache without being reused is moved to a list of the caller's, who drops it
/// outside his lock: unmapping and closing megabytes takes time.
///
/// Thread safety: none; HeapCore locks.
class BlockCache {
public:
    using Doomed = std::vector<Backing>;

    /// @p places: the source does, so offsets mean something.
    BlockCache(uint64_t bound, bool places) : bound_(bound), places_(places) {}

    uint64_t bytes() const noexcept { return bytes_; }
    uint64_t bound() const noexcept { return bound_; }

    /// Keeps @p backing, at the cost of the longest unused where the bound needs it.
    void put(Backing backing, Doomed& doomed);

    /// What memory must be like to be reused.
    struct Wish {
        size_t size;      ///< exactly
        size_t alignment; ///< of its mapping
        bool cached;
    };

    /// Memory of that kind for a block at @p offset. The last given back comes first: it is the
    /// likeliest to be in the caches still.
    std::optional<Backing> take(uint64_t offset, const Wish& wish);

    /// Gives up what lies in a range that a block has been placed in. Nothing where offsets are
    /// labels.
    void evictOverlapping(uint64_t offset, uint64_t size, Doomed& doomed);
    /// Gives up the longest unused until at most @p bytes are kept.
    void evictTo(uint64_t bytes, Doomed& doomed);

    template <typename Visit> void forEach(Visit visit) const {
        for (const Backing& backing : kept_)
            visit(backing);
    }

private:
    using Kept = std::list<Backing>;

    Backing remove(Kept::iterator at);

    const uint64_t bound_;
    const bool places_;
    uint64_t bytes_ = 0;
    Kept kept_; // the longest unused first
    // By offset where the source places, else by size; equal keys in the order of put().
    std::multimap<uint64_t, Kept::iterator> index_;
};

} // namespace mediaheap
