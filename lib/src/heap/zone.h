// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pages/page_allocator.h"
#include "tables/heap_table.h"

namespace mediaheap {

class BlockState;

/// A named budget of memory and the table of the blocks in it: the one place where that table
/// changes.
///
/// Where the zone is bounded, a block lies in it where it was placed, and a zone can be too
/// fragmented for a block. Where it is not, offsets are labels: they are drawn from a space so
/// large that only the budget ever refuses, and stay in the zone's own range as long as they fit
/// there.
///
/// Offsets count from the heap's first byte, of which the zone has those from start() on; sizes are
/// in bytes and whole pages throughout.
///
/// Thread safety: none; HeapCore locks.
class Zone {
public:
    /// A block that somebody else has had since before the heap was opened.
    struct SystemBlock {
        std::string name;
        uint64_t offset = 0;
        uint64_t size = 0;
        uint64_t kvirt = 0;
        uint32_t flags = 0;
    };

    struct Setup {
        std::string name;
        uint64_t gfp = 0;  ///< which of several of one name; shown in reports
        uint64_t base = 0; ///< address of its first byte
        uint64_t size = 0;
        uint64_t unit = 0;               ///< sizes are rounded up to a multiple of it; 0 for pages
        bool powersOfTwo = false;        ///< sizes are rounded up to a power of two
        std::vector<SystemBlock> system; ///< disjoint, in whole pages of the zone
        uint64_t start = 0;              ///< offset of its first byte in the heap
        bool bounded = false;            ///< places are real, or to be treated as if they were
        bool listed = false;             ///< comes from `mmz=`, which alone can make it larger
    };

    /// One line of a report.
    struct Entry {
        uint64_t size = 0;
        std::string name;
        /// Null while the block is being made, and when it was given back but is still held.
        const BlockState* block = nullptr;
        bool held = false;
        bool system = false; ///< never one of ours
        /// What the kernel's own mapping of it is like, as HiSilicon's /proc/media-mem has it; 0
        /// for every block of ours, which the kernel does not map.
        uint64_t kvirt = 0;
        uint32_t flags = 0;
        HeapTable::Slot slot = HeapTable::unlisted; ///< where it is in the published table
    };

    Zone(Setup setup, uint64_t page);

    const std::string& name() const noexcept { return setup_.name; }
    uint64_t gfp() const noexcept { return setup_.gfp; }
    uint64_t base() const noexcept { return setup_.base; }
    uint64_t size() const noexcept { return setup_.size; }
    uint64_t start() const noexcept { return setup_.start; }
    uint64_t addressOf(uint64_t offset) const noexcept {
        return setup_.base + (offset - setup_.start);
    }
    bool isBounded() const noexcept { return setup_.bounded; }
    bool isListed() const noexcept { return setup_.listed; }
    uint64_t used() const noexcept { return used_; }
    uint64_t held() const noexcept { return held_; }
    /// The largest block that it has room for.
    uint64_t largestFree() const noexcept;
    /// What a block of @p size bytes takes here; nothing where that cannot be counted.
    std::optional<uint64_t> rounded(uint64_t size) const noexcept;

    struct Place {
        uint64_t offset;
        uint64_t size; ///< at least what was asked for
    };
    using Order = PageAllocator::Order;

    /// Reserves @p size bytes and enters them under @p name; nothing where the budget or the free
    /// ranges do not allow it.
    std::optional<Place> reserve(uint64_t size, uint64_t alignment, const std::string& name,
                                 Order order = Order::BestFit);
    void attach(uint64_t offset, const BlockState* block);
    /// The block is gone; its memory stays reserved for whoever still holds it.
    void markHeld(uint64_t offset);
    void release(uint64_t offset);

    /// Enters all blocks into @p table, where the zone has @p number, and keeps them in step from
    /// now on; nullptr ends that.
    void publish(HeapTable* table, uint32_t number);

    /// By offset.
    const std::map<uint64_t, Entry>& entries() const noexcept { return entries_; }

    /// Whether no entry touches the range.
    bool isFree(uint64_t offset, uint64_t size) const;
    uint64_t page() const noexcept { return page_; }

    /// Calls @p visit (offset, size) for every free range in order of address.
    template <typename Visit> void forEachGap(Visit visit) const {
        pages_.forEachGap([&](uint64_t first, uint64_t pages) {
            visit(setup_.start + first * page_, pages * page_);
        });
    }

    /// Empty when entries, sums and free ranges agree, else what does not.
    std::string validate() const;

private:
    void show(uint64_t offset, Entry& entry);
    void show(const Entry& entry);
    uint64_t pageOf(uint64_t offset) const noexcept { return (offset - setup_.start) / page_; }

    const Setup setup_;
    const uint64_t page_;
    PageAllocator pages_;
    std::map<uint64_t, Entry> entries_;
    uint64_t used_ = 0;
    uint64_t held_ = 0;
    HeapTable* table_ = nullptr; // null where nobody else is to see it
    uint32_t number_ = 0;
};

} // namespace mediaheap
