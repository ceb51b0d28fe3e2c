// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/block_cache.h"

#include <iterator>
#include <utility>

namespace mediaheap {

Backing BlockCache::remove(Kept::iterator at) {
    auto [entry, last] = index_.equal_range(places_ ? at->offset : at->size());
    while (entry != last && entry->second != at)
        ++entry;
    index_.erase(entry);
    Backing backing = std::move(*at);
    bytes_ -= backing.size();
    kept_.erase(at);
    return backing;
}

void BlockCache::put(Backing backing, Doomed& doomed) {
    if (backing.size() > bound_) {
        doomed.push_back(std::move(backing));
        return;
    }
    evictTo(bound_ - backing.size(), doomed);
    bytes_ += backing.size();
    kept_.push_back(std::move(backing));
    const auto at = std::prev(kept_.end());
    index_.emplace(places_ ? at->offset : at->size(), at);
}

std::optional<Backing> BlockCache::take(uint64_t offset, const Wish& wish) {
    const auto [first, last] = index_.equal_range(places_ ? offset : wish.size);
    for (auto entry = last; entry != first;) {
        --entry;
        const Backing& kept = *entry->second;
        if (kept.size() != wish.size || kept.cached != wish.cached ||
            !kept.isAligned(wish.alignment))
            continue;
        Backing backing = remove(entry->second);
        backing.offset = offset;
        return backing;
    }
    return std::nullopt;
}

void BlockCache::evictOverlapping(uint64_t offset, uint64_t size, Doomed& doomed) {
    if (!places_)
        return;
    auto entry = index_.lower_bound(offset);
    // Kept ranges do not overlap each other, so only the nearest below can reach into this one.
    if (entry != index_.begin()) {
        const auto below = std::prev(entry);
        if (below->second->offset + below->second->size() > offset)
            doomed.push_back(remove(below->second));
    }
    while (entry != index_.end() && entry->first < offset + size) {
        const auto at = entry->second;
        ++entry;
        doomed.push_back(remove(at));
    }
}

void BlockCache::evictTo(uint64_t bytes, Doomed& doomed) {
    while (bytes_ > bytes)
        doomed.push_back(remove(kept_.begin()));
}

} // namespace mediaheap
