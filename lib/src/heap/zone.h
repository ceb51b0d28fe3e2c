// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "pages/page_allocator.h"

namespace mediaheap {

class BlockState;

/// A named budget of memory and the table of the blocks in it.
///
/// Where the source places, a block's offset is where its memory lies, and a zone can be too
/// fragmented for a block. Where it does not, offsets are labels: they are drawn from a space so
/// large that only the budget ever refuses, and stay in the zone's own range as long as they fit
/// there.
///
/// Thread safety: none; HeapCore locks. Sizes are in bytes and whole pages throughout.
class Zone {
public:
    struct Entry {
        uint64_t size = 0;
        std::string name;
        /// Null while the block is being made, and when it was given back but is still held.
        const BlockState* block = nullptr;
        bool held = false;
    };

    Zone(std::string name, uint64_t base, uint64_t size, uint64_t page, bool places);

    const std::string& name() const noexcept { return name_; }
    uint64_t base() const noexcept { return base_; }
    uint64_t size() const noexcept { return size_; }
    uint64_t used() const noexcept { return used_; }
    uint64_t peak() const noexcept { return peak_; }
    uint64_t held() const noexcept { return held_; }
    uint64_t largestFree() const noexcept;
    bool places() const noexcept { return places_; }

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
    const PageAllocator& pages() const noexcept { return pages_; }
    uint64_t page() const noexcept { return page_; }

    /// Empty when entries, sums and free ranges agree, else what does not.
    std::string validate() const;

private:
    const std::string name_;
    const uint64_t base_;
    const uint64_t size_;
    const uint64_t page_;
    const bool places_;
    PageAllocator pages_;
    std::map<uint64_t, Entry> entries_;
    uint64_t used_ = 0;
    uint64_t peak_ = 0;
    uint64_t held_ = 0;
};

} // namespace mediaheap
