// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/zone.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/checked.h"
#include "heap/block_state.h"

namespace mediaheap {

namespace {

// 2^40 pages hold any budget this library can be given, however its labels are fragmented.
constexpr uint64_t labelPages = uint64_t{1} << 40;

uint64_t largestPowerOfTwo(uint64_t upTo) {
    uint64_t power = 1;
    while (power <= upTo / 2)
        power *= 2;
    return upTo == 0 ? 0 : power;
}

table::SlotState stateOf(const Zone::Entry& entry) {
    if (entry.system)
        return table::SlotState::Declared;
    if (entry.held)
        return table::SlotState::Held;
    return entry.block ? table::SlotState::Live : table::SlotState::Pending;
}

} // namespace

Zone::Zone(Setup setup, uint64_t page)
    : setup_(std::move(setup)), page_(page),
      pages_(setup_.bounded ? setup_.size / page : labelPages, setup_.base / page) {
    for (const SystemBlock& block : setup_.system) {
        Entry entry;
        entry.size = block.size;
        entry.name = block.name;
        entry.system = true;
        entry.kvirt = block.kvirt;
        entry.flags = block.flags;
        const bool taken = pages_.take(pageOf(block.offset), block.size / page_);
        assert(taken);
        (void)taken;
        entries_.emplace(block.offset, std::move(entry));
        used_ += block.size;
    }
}

uint64_t Zone::largestFree() const noexcept {
    const uint64_t free = setup_.bounded ? pages_.largestGap() * page_ : size() - used_;
    if (setup_.powersOfTwo)
        return largestPowerOfTwo(free);
    return setup_.unit ? free - free % setup_.unit : free;
}

std::optional<uint64_t> Zone::rounded(uint64_t size) const noexcept {
    if (setup_.powersOfTwo) {
        const uint64_t below = largestPowerOfTwo(size);
        return below == size ? size : checkedMultiply(below, uint64_t{2});
    }
    const uint64_t rest = setup_.unit ? size % setup_.unit : 0;
    return rest == 0 ? size : checkedAdd(size, setup_.unit - rest);
}

std::optional<Zone::Place> Zone::reserve(uint64_t size, uint64_t alignment, const std::string& name,
                                         Order order) {
    const auto taken = rounded(size);
    if (!taken || *taken > setup_.size - used_)
        return std::nullopt;
    const auto first =
        pages_.allocate(*taken / page_, std::max<uint64_t>(alignment / page_, 1), order);
    if (!first)
        return std::nullopt;
    const Place place{setup_.start + *first * page_, *taken};
    Entry entry;
    entry.size = place.size;
    entry.name = name;
    show(place.offset, entries_.emplace(place.offset, std::move(entry)).first->second);
    used_ += place.size;
    return place;
}

void Zone::attach(uint64_t offset, const BlockState* block) {
    Entry& entry = entries_.at(offset);
    entry.block = block;
    show(entry);
}

void Zone::markHeld(uint64_t offset) {
    Entry& entry = entries_.at(offset);
    entry.block = nullptr;
    entry.held = true;
    held_ += entry.size;
    show(entry);
}

void Zone::release(uint64_t offset) {
    const auto entry = entries_.find(offset);
    assert(entry != entries_.end());
    used_ -= entry->second.size;
    if (entry->second.held)
        held_ -= entry->second.size;
    const bool freed = pages_.free(pageOf(offset), entry->second.size / page_);
    assert(freed);
    (void)freed;
    if (table_)
        table_->leave(entry->second.slot, number_, entry->second.size);
    entries_.erase(entry);
}

void Zone::publish(HeapTable* table, uint32_t number) {
    table_ = table;
    number_ = number;
    for (auto& [offset, entry] : entries_)
        show(offset, entry);
}

void Zone::show(uint64_t offset, Entry& entry) {
    entry.slot = table_ ? table_->enter({number_, addressOf(offset), entry.size, entry.kvirt,
                                         entry.flags, entry.name, stateOf(entry)})
                        : HeapTable::unlisted;
}

void Zone::show(const Entry& entry) {
    if (!table_)
        return;
    if (entry.block)
        table_->setAddress(entry.slot, entry.block->address());
    table_->setState(entry.slot, stateOf(entry));
}

bool Zone::isFree(uint64_t offset, uint64_t size) const {
    return pages_.isFree(pageOf(offset), size / page_);
}

std::string Zone::validate() const {
    if (std::string wrong = pages_.validate(); !wrong.empty())
        return "free ranges of zone '" + name() + "': " + wrong;
    uint64_t used = 0;
    uint64_t held = 0;
    uint64_t end = start();
    for (const auto& [offset, entry] : entries_) {
        const std::string where = "block '" + entry.name + "' at " + std::to_string(offset);
        if (entry.size == 0 || entry.size % page_ != 0 || offset % page_ != 0)
            return where + " is not made of whole pages";
        if (offset < end)
            return where + " overlaps the block before it";
        if ((entry.held || entry.system) && (entry.block || entry.held == entry.system))
            return where + " is in two states at once";
        end = offset + entry.size;
        used += entry.size;
        held += entry.held ? entry.size : 0;
    }
    if (used != used_ || held != held_)
        return "the blocks of zone '" + name() + "' add up to " + std::to_string(used) +
               " bytes, " + std::to_string(used_) + " are counted";
    if ((pages_.totalPages() - pages_.freePages()) * page_ != used_)
        return "zone '" + name() + "' counts other pages than its blocks have";
    if (used_ > size())
        return "zone '" + name() + "' is over its budget";
    return {};
}

} // namespace mediaheap
