// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/zone.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace mediaheap {

namespace {

// 2^40 pages hold any budget this library can be given, however its labels are fragmented.
constexpr uint64_t labelPages = uint64_t{1} << 40;

} // namespace

Zone::Zone(std::string name, uint64_t base, uint64_t size, uint64_t page, bool places)
    : name_(std::move(name)), base_(base), size_(size), page_(page), places_(places),
      pages_(places ? size / page : labelPages, base / page) {}

uint64_t Zone::largestFree() const noexcept {
    return places_ ? pages_.largestGap() * page_ : size_ - used_;
}

std::optional<uint64_t> Zone::reserve(uint64_t size, uint64_t alignment, const std::string& name) {
    if (size > size_ - used_)
        return std::nullopt;
    const auto first = pages_.allocate(size / page_, std::max<uint64_t>(alignment / page_, 1));
    if (!first)
        return std::nullopt;
    const uint64_t offset = *first * page_;
    entries_.emplace(offset, Entry{size, name, nullptr, false});
    used_ += size;
    peak_ = std::max(peak_, used_);
    return offset;
}

void Zone::attach(uint64_t offset, const BlockState* block) { entries_.at(offset).block = block; }

void Zone::markHeld(uint64_t offset) {
    Entry& entry = entries_.at(offset);
    entry.block = nullptr;
    entry.held = true;
    held_ += entry.size;
}

void Zone::release(uint64_t offset) {
    const auto entry = entries_.find(offset);
    assert(entry != entries_.end());
    used_ -= entry->second.size;
    if (entry->second.held)
        held_ -= entry->second.size;
    const bool freed = pages_.free(offset / page_, entry->second.size / page_);
    assert(freed);
    (void)freed;
    entries_.erase(entry);
}

bool Zone::isFree(uint64_t offset, uint64_t size) const {
    return pages_.isFree(offset / page_, size / page_);
}

std::string Zone::validate() const {
    if (std::string wrong = pages_.validate(); !wrong.empty())
        return "free ranges of zone '" + name_ + "': " + wrong;
    uint64_t used = 0;
    uint64_t held = 0;
    uint64_t end = 0;
    for (const auto& [offset, entry] : entries_) {
        const std::string where = "block '" + entry.name + "' at " + std::to_string(offset);
        if (entry.size == 0 || entry.size % page_ != 0 || offset % page_ != 0)
            return where + " is not made of whole pages";
        if (offset < end)
            return where + " overlaps the block before it";
        if (entry.held && entry.block)
            return where + " is live and held at once";
        end = offset + entry.size;
        used += entry.size;
        held += entry.held ? entry.size : 0;
    }
    if (used != used_ || held != held_)
        return "the blocks of zone '" + name_ + "' add up to " + std::to_string(used) + " bytes, " +
               std::to_string(used_) + " are counted";
    if ((pages_.totalPages() - pages_.freePages()) * page_ != used_)
        return "zone '" + name_ + "' counts other pages than its blocks have";
    if (used_ > size_ || peak_ > size_ || used_ > peak_)
        return "zone '" + name_ + "' is over its budget";
    return {};
}

} // namespace mediaheap
