// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/heap_store.h"

#include <algorithm>
#include <utility>

#include "heap/exhaustion.h"

namespace mediaheap {

Result<HeapStore::Placement> HeapStore::place(const BlockRequest& request,
                                              BlockCache::Doomed& doomed) {
    const auto reserve = [&] {
        return zones_.reserve(request.size, request.alignment, request.name, request.where);
    };
    auto place = reserve();
    if (!place && !quarantine_.isEmpty()) {
        collectFreed(doomed);
        place = reserve();
    }
    if (!place)
        return explainExhaustion(zones_.matching(request.where), request.size, request.alignment);

    Placement placement;
    placement.offset = place->offset;
    placement.size = static_cast<size_t>(place->size);
    placement.reused =
        cache_.take(placement.offset, {placement.size, request.alignment, request.cached});
    // What the CPU cannot write it cannot clear for its next client.
    if (placement.reused && !placement.reused->isWritable()) {
        doomed.push_back(std::move(*placement.reused));
        placement.reused.reset();
    }
    cache_.evictOverlapping(placement.offset, placement.size, doomed);
    // Where the source does not place, kept memory is memory beside the budget; what is in use and
    // what is kept stay within it together.
    cache_.evictTo(std::min(cache_.bytes(), zones_.size() - zones_.used()), doomed);
    return placement;
}

void HeapStore::giveBack(Backing backing, Holders holders, bool forGood,
                         BlockCache::Doomed& doomed) {
    // Where nobody can tell who still has the memory, it is never given to anyone else. A place in
    // an arena stays taken for it; elsewhere it goes with its last user.
    const bool keepsPlace = holders == Holders::Some || (holders == Holders::Unknown && places_);
    if (keepsPlace && !forGood) {
        zones_.markHeld(backing.offset);
        quarantine_.put(std::move(backing));
        return;
    }
    zones_.release(backing.offset);
    if (holders == Holders::None && !forGood)
        cache_.put(std::move(backing), doomed);
    else
        doomed.push_back(std::move(backing));
}

void HeapStore::collectFreed(BlockCache::Doomed& doomed) {
    for (Backing& backing : quarantine_.poll()) {
        zones_.release(backing.offset);
        cache_.put(std::move(backing), doomed);
    }
}

void HeapStore::leaveHeld(BlockCache::Doomed& doomed) {
    for (Backing& backing : quarantine_.takeAll()) {
        zones_.release(backing.offset);
        doomed.push_back(std::move(backing));
    }
}

std::string HeapStore::validate() const {
    std::string wrong = zones_.validate();
    uint64_t cached = 0;
    cache_.forEach([&](const Backing& backing) {
        cached += backing.size();
        if (places_ && !zones_.at(backing.offset).isFree(backing.offset, backing.size()))
            wrong = "kept memory at " + std::to_string(backing.offset) + " lies under a block";
    });
    if (cached != cache_.bytes() || cached > cache_.bound())
        wrong = "the block cache counts " + std::to_string(cache_.bytes()) + " bytes and has " +
                std::to_string(cached);
    uint64_t held = 0;
    quarantine_.forEach([&](const Backing& backing) {
        held += backing.size();
        const Zone::Entry* const entry = zones_.find(backing.offset);
        if (!entry || !entry->held)
            wrong = "held memory at " + std::to_string(backing.offset) + " is not in the zone";
    });
    if (held != zones_.held())
        wrong = "the quarantine has " + std::to_string(held) + " bytes, the zones count " +
                std::to_string(zones_.held());
    if (zones_.used() + cached > zones_.size())
        wrong = "memory in use and kept exceed the budget";
    return wrong;
}

} // namespace mediaheap
