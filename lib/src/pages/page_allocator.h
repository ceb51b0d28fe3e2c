// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace mediaheap {

/// Places ranges of pages in a zone: exact best fit, the lowest address on ties, at the low end of
/// the gap. Offsets only; it never sees memory. HiSilicon's `hisi` allocator and ArtInChip's
/// genpool place the same way, and of the policies measured it refuses least for fragmentation.
///
/// A gap is as long as what it has from its first aligned page on: that is how `hisi` measures it.
///
/// Any argument of a member is safe: what cannot be placed or is not there to be freed is refused,
/// and no sum overflows.
///
/// Cost: logarithmic in the number of gaps; with an alignment beyond a page, gaps that could be the
/// best for their length are looked at one by one, and from the top all down to the first that
/// will do. Memory is allocated only when a range comes
/// to lie between two gaps, or is freed between two used ones.
///
/// Thread safety: none; the zone's owner locks. Invariants: gaps are disjoint, in bounds, never
/// adjacent, and both indices hold the same gaps (validate()).
class PageAllocator {
public:
    /// @p pages of the zone; @p firstPage is the absolute page number of its start, which alignment
    /// counts from; their sum is at most 2^64 - 1.
    explicit PageAllocator(uint64_t pages, uint64_t firstPage = 0);

    enum class Order {
        BestFit, ///< the best fitting gap, at its low end
        FromTop, ///< the highest gap that will do, at its high end
    };

    /// The offset in pages of a range of @p pages, whose absolute page number is a multiple of
    /// @p alignment (in pages, any number from 1); nothing when no gap holds it, or when either
    /// argument is 0.
    std::optional<uint64_t> allocate(uint64_t pages, uint64_t alignment = 1,
                                     Order order = Order::BestFit);

    /// Where allocate() would place, without placing.
    std::optional<uint64_t> find(uint64_t pages, uint64_t alignment = 1,
                                 Order order = Order::BestFit) const;

    /// Takes exactly that range. False, and nothing changed, when it is empty, when any of it is
    /// taken already, or out of bounds.
    bool take(uint64_t first, uint64_t pages);

    /// Gives a range back. False, and nothing changed, when it is empty, when any of it is free
    /// already, or out of bounds.
    bool free(uint64_t first, uint64_t pages);

    uint64_t totalPages() const noexcept { return pages_; }
    uint64_t freePages() const noexcept { return free_; }
    uint64_t largestGap() const noexcept;
    /// Whether all of a range is free; false when it is empty or out of bounds.
    bool isFree(uint64_t first, uint64_t pages) const;

    /// Calls @p visit (first, pages) for every gap in order of address.
    template <typename Visit> void forEachGap(Visit visit) const {
        for (const auto& [first, pages] : byAddress_)
            visit(first, pages);
    }

    /// Empty when all invariants hold, else what is wrong.
    std::string validate() const;

private:
    using ByAddress = std::map<uint64_t, uint64_t>;           // first -> pages
    using ByLength = std::set<std::pair<uint64_t, uint64_t>>; // (pages, first)

    std::optional<uint64_t> bestFit(uint64_t pages, uint64_t alignment) const;
    std::optional<uint64_t> highestFit(uint64_t pages, uint64_t alignment) const;
    /// The gap that holds all of a range that is not empty; end() where none does.
    ByAddress::const_iterator gapAround(uint64_t first, uint64_t pages) const;
    uint64_t pagesToAlignment(uint64_t first, uint64_t alignment) const;
    bool isInBounds(uint64_t first, uint64_t pages) const;

    void insertGap(uint64_t first, uint64_t pages);
    void eraseGap(ByAddress::iterator gap);
    void changeGap(ByAddress::iterator gap, uint64_t first, uint64_t pages);

    uint64_t pages_;
    uint64_t firstPage_;
    uint64_t free_;
    ByAddress byAddress_;
    ByLength byLength_;
};

} // namespace mediaheap
