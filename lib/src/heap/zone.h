// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "pages/page_allocator.h"

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
    struct Setup {
        std::string name;
        uint64_t gfp = 0;  ///< which of several of one name; shown in reports
        uint64_t base = 0; ///< address of its first byte
        uint64_t size = 0;
        uint64_t start = 0;   ///< offset of its first byte in the heap
        bool bounded = false; ///< places are real, or to be treated as if they were
    };

    /// One line of a report.
    struct Entry {
        uint64_t size = 0;
        std::string name;
        /// Null while the block is being made, and when it was given back but is still held.
        const BlockState* block = nullptr;
        bool held = false;
        /// What the kernel's own mapping of it is like, as HiSilicon's /proc/media-mem has it; 0
        /// for every block of ours, which the kernel does not map.
        uint64_t kvirt = 0;
        uint32_t flags = 0;
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
    uint64_t used() const noexcept { return used_; }
    uint64_t held() const noexcept { return held_; }
    uint64_t largestFree() const noexcept;

    /// Reserves @p size bytes and enters them under @p name; the offset, or nothing where the
    /// budget or the free ranges do not allow it.
    std::optional<uint64_t> reserve(uint64_t size, uint64_t alignment, const std::string& name);
    void attach(uint64_t offset, const BlockState* block);
    /// The block is gone; its memory stays reserved for whoever still holds it.
    void markHeld(uint64_t offset);
    void release(uint64_t offset);

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
    uint64_t pageOf(uint64_t offset) const noexcept { return (offset - setup_.start) / page_; }

    const Setup setup_;
    const uint64_t page_;
    PageAllocator pages_;
    std::map<uint64_t, Entry> entries_;
    uint64_t used_ = 0;
    uint64_t held_ = 0;
};

} // namespace mediaheap
