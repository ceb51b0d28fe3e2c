// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heap/zone.h"

namespace mediaheap {

/// The zones of one heap, one after another in its memory, and their sums.
///
/// A block goes to the first zone that its wish matches and that has room, searched from the last
/// configured to the first, as HiSilicon's MMZ does.
///
/// Thread safety: none; HeapCore locks.
class ZoneSet {
public:
    /// Where a block may go.
    struct Wish {
        std::string zone; ///< its name; empty matches any
        uint64_t gfp = 0; ///< 0 matches any
        Zone::Order order = Zone::Order::BestFit;
    };

    /// @p zones in the order of their starts, at least one.
    ZoneSet(std::vector<Zone::Setup> zones, uint64_t page);

    /// In the order in which they were configured.
    const std::vector<std::unique_ptr<Zone>>& zones() const noexcept { return zones_; }
    uint64_t page() const noexcept { return zones_.front()->page(); }
    /// As all zones of a heap are, or none.
    bool areBounded() const noexcept { return zones_.front()->isBounded(); }
    /// The zone that @p offset is in.
    const Zone& at(uint64_t offset) const;

    uint64_t size() const noexcept { return size_; }
    uint64_t used() const noexcept;
    uint64_t peak() const noexcept { return peak_; }
    uint64_t held() const noexcept;
    uint64_t blocks() const noexcept;
    uint64_t live() const noexcept; ///< blocks that somebody has, or that are being made
    uint64_t largestFree() const noexcept;

    /// Whether any zone matches.
    bool knows(const Wish& wish) const noexcept;
    /// The zones that match, in the order of the search.
    std::vector<const Zone*> matching(const Wish& wish) const;

    /// See Zone::reserve().
    std::optional<Zone::Place> reserve(uint64_t size, uint64_t alignment, const std::string& name,
                                       const Wish& wish);
    void attach(uint64_t offset, const BlockState* block) { zoneAt(offset).attach(offset, block); }
    void markHeld(uint64_t offset) { zoneAt(offset).markHeld(offset); }
    void release(uint64_t offset) { zoneAt(offset).release(offset); }

    /// See Zone::publish(); numbered as in a report.
    void publish(HeapTable* table);

    /// Null where no entry begins at @p offset.
    const Zone::Entry* find(uint64_t offset) const;

    /// Empty when every zone is valid and the sums agree, else what does not.
    std::string validate() const;

private:
    Zone& zoneAt(uint64_t offset);

    std::vector<std::unique_ptr<Zone>> zones_;
    uint64_t size_ = 0;
    uint64_t peak_ = 0;
};

} // namespace mediaheap
