// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pages/page_allocator.h"

#include <iterator>

namespace mediaheap {

PageAllocator::PageAllocator(uint64_t pages, uint64_t firstPage)
    : pages_(pages), firstPage_(firstPage), free_(pages) {
    if (pages > 0)
        insertGap(0, pages);
}

std::optional<uint64_t> PageAllocator::allocate(uint64_t pages, uint64_t alignment, Order order) {
    const auto first = find(pages, alignment, order);
    if (first)
        take(*first, pages);
    return first;
}

std::optional<uint64_t> PageAllocator::find(uint64_t pages, uint64_t alignment, Order order) const {
    if (pages == 0 || alignment == 0)
        return std::nullopt;
    return order == Order::BestFit ? bestFit(pages, alignment) : highestFit(pages, alignment);
}

bool PageAllocator::take(uint64_t first, uint64_t pages) {
    if (!isFree(first, pages))
        return false;
    const auto around = gapAround(first, pages);
    const auto gap = byAddress_.find(around->first);
    const uint64_t head = first - gap->first;
    const uint64_t tail = gap->second - head - pages;
    if (head > 0) {
        changeGap(gap, gap->first, head);
        if (tail > 0)
            insertGap(first + pages, tail);
    } else if (tail > 0) {
        changeGap(gap, first + pages, tail);
    } else {
        eraseGap(gap);
    }
    free_ -= pages;
    return true;
}

bool PageAllocator::free(uint64_t first, uint64_t pages) {
    if (!isInBounds(first, pages))
        return false;

    const auto next = byAddress_.lower_bound(first);
    if (next != byAddress_.end() && next->first - first < pages)
        return false;
    const bool joinsNext = next != byAddress_.end() && next->first - first == pages;

    auto previous = byAddress_.end();
    if (next != byAddress_.begin()) {
        const auto before = std::prev(next);
        const uint64_t end = before->first + before->second;
        if (end > first)
            return false;
        if (end == first)
            previous = before;
    }

    if (previous != byAddress_.end()) {
        uint64_t joined = previous->second + pages;
        if (joinsNext) {
            joined += next->second;
            eraseGap(next);
        }
        changeGap(previous, previous->first, joined);
    } else if (joinsNext) {
        changeGap(next, first, pages + next->second);
    } else {
        insertGap(first, pages);
    }
    free_ += pages;
    return true;
}

uint64_t PageAllocator::largestGap() const noexcept {
    return byLength_.empty() ? 0 : byLength_.rbegin()->first;
}

bool PageAllocator::isFree(uint64_t first, uint64_t pages) const {
    return isInBounds(first, pages) && gapAround(first, pages) != byAddress_.end();
}

PageAllocator::ByAddress::const_iterator PageAllocator::gapAround(uint64_t first,
                                                                  uint64_t pages) const {
    const auto after = byAddress_.upper_bound(first);
    if (after == byAddress_.begin())
        return byAddress_.end();
    const auto gap = std::prev(after);
    const uint64_t before = first - gap->first;
    const bool holds = before < gap->second && gap->second - before >= pages;
    return holds ? gap : byAddress_.end();
}

std::string PageAllocator::validate() const {
    const auto wrong = [](const char* what, uint64_t first, uint64_t pages) {
        return "gap of " + std::to_string(pages) + " pages at " + std::to_string(first) + ": " +
               what;
    };
    uint64_t sum = 0;
    std::optional<uint64_t> previousEnd;
    for (const auto& [first, pages] : byAddress_) {
        if (pages == 0)
            return wrong("empty", first, pages);
        if (!isInBounds(first, pages))
            return wrong("out of bounds", first, pages);
        if (previousEnd && first < *previousEnd)
            return wrong("overlaps the gap before it", first, pages);
        if (previousEnd && first == *previousEnd)
            return wrong("not joined with the gap before it", first, pages);
        if (byLength_.count({pages, first}) == 0)
            return wrong("missing from the index by length", first, pages);
        previousEnd = first + pages;
        sum += pages;
    }
    if (byLength_.size() != byAddress_.size())
        return "the index by length holds " + std::to_string(byLength_.size()) +
               " gaps, the index by address " + std::to_string(byAddress_.size());
    if (sum != free_)
        return "the gaps add up to " + std::to_string(sum) + " pages, " + std::to_string(free_) +
               " are counted as free";
    return {};
}

std::optional<uint64_t> PageAllocator::bestFit(uint64_t pages, uint64_t alignment) const {
    std::optional<uint64_t> best;
    uint64_t bestLength = 0;
    // In order of length, then of address.
    for (auto gap = byLength_.lower_bound({pages, 0}); gap != byLength_.end(); ++gap) {
        const auto [gapPages, gapFirst] = *gap;
        // The head is shorter than the alignment: from here on no gap can be better, nor as good.
        if (best && gapPages - bestLength >= alignment)
            break;
        const uint64_t head = pagesToAlignment(gapFirst, alignment);
        if (head > gapPages - pages)
            continue;
        const uint64_t length = gapPages - head;
        const uint64_t first = gapFirst + head;
        if (!best || length < bestLength || (length == bestLength && first < *best)) {
            best = first;
            bestLength = length;
        }
        if (alignment == 1)
            break;
    }
    return best;
}

std::optional<uint64_t> PageAllocator::highestFit(uint64_t pages, uint64_t alignment) const {
    for (auto gap = byAddress_.rbegin(); gap != byAddress_.rend(); ++gap) {
        const auto [gapFirst, gapPages] = *gap;
        if (gapPages < pages)
            continue;
        const uint64_t highest = gapPages - pages; // as far from the gap's start as it can be
        const uint64_t beyond = (firstPage_ + gapFirst + highest) % alignment;
        if (beyond <= highest)
            return gapFirst + highest - beyond;
    }
    return std::nullopt;
}

uint64_t PageAllocator::pagesToAlignment(uint64_t first, uint64_t alignment) const {
    const uint64_t remainder = (firstPage_ + first) % alignment;
    return remainder == 0 ? 0 : alignment - remainder;
}

bool PageAllocator::isInBounds(uint64_t first, uint64_t pages) const {
    return pages > 0 && first < pages_ && pages <= pages_ - first;
}

void PageAllocator::insertGap(uint64_t first, uint64_t pages) {
    byAddress_.emplace(first, pages);
    byLength_.emplace(pages, first);
}

void PageAllocator::eraseGap(ByAddress::iterator gap) {
    byLength_.erase({gap->second, gap->first});
    byAddress_.erase(gap);
}

/// Moves the ends of a gap that stays between the same neighbours, in the nodes it has.
void PageAllocator::changeGap(ByAddress::iterator gap, uint64_t first, uint64_t pages) {
    auto length = byLength_.extract({gap->second, gap->first});
    length.value() = {pages, first};
    byLength_.insert(std::move(length));

    if (gap->first != first) {
        const auto neighbour = std::next(gap);
        auto address = byAddress_.extract(gap);
        address.key() = first;
        gap = byAddress_.insert(neighbour, std::move(address));
    }
    gap->second = pages;
}

} // namespace mediaheap
