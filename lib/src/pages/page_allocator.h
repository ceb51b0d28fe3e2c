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
/// the gap. Offsets only; it never sees memory. HiSilicon's `hisi` allocator and ArtInChip's genpool
/// place the same way, and of the policies measured it refuses least for fragmentation.
///
/// With an alignment beyond a page the best fit is the smallest gap that holds the aligned range.
///
/// Cost: logarithmic in the number of gaps; with an alignment beyond a page, gaps that are long
/// enough only unaligned are stepped over one by one.
///
/// Thread safety: none; the zone's owner locks. Invariants: gaps are disjoint, in bounds, never
/// adjacent, and both indices hold the same gaps (validate()).
class PageAllocator {
public:
    /// @p pages of the zone; @p firstPage is the absolute page number of its start, which alignment
    /// counts from.
    explicit PageAllocator(uint64_t pages, uint64_t firstPage = 0);

    /// The offset in pages of a range of @p pages, whose absolute page number is a multiple of
    /// @p alignment (in pages, at least 1); nothing when no gap holds it.
    std::optional<uint64_t> allocate(uint64_t pages, uint64_t alignment = 1);

    /// Where allocate() would place, without placing.
    std::optional<uint64_t> find(uint64_t pages, uint64_t alignment = 1) const;

    /// Gives a range back. False, and nothing changed, when any of it is free already or out of
    /// bounds.
    bool free(uint64_t first, uint64_t pages);

    uint64_t totalPages() const noexcept { return pages_; }
    uint64_t freePages() const noexcept { return free_; }
    uint64_t largestGap() const noexcept;
    bool isFree(uint64_t first, uint64_t pages) const;

    /// Calls @p visit (first, pages) for every gap in order of address.
    template <typename Visit> void forEachGap(Visit visit) const
    {
        for (const auto &[first, pages] : byAddress_)
            visit(first, pages);
    }

    /// Empty when all invariants hold, else what is wrong.
    std::string validate() const;

private:
    void insertGap(uint64_t first, uint64_t pages);
    void eraseGap(std::map<uint64_t, uint64_t>::iterator gap);

    uint64_t pages_;
    uint64_t firstPage_;
    uint64_t free_;
    std::map<uint64_t, uint64_t> byAddress_;           // first -> pages
    std::set<std::pair<uint64_t, uint64_t>> byLength_; // (pages, first)
};

} // namespace mediaheap
