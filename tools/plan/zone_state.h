// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "pages/page_allocator.h"
#include "placement_search.h"

namespace mediaheap::plan {

/// A zone between two events of a sequence, and what can happen next. A value: the search copies it
/// where orders part.
class ZoneState {
public:
    /// Before the first mode has allocated anything.
    ZoneState(const Sequence& sequence, std::vector<Event>& events);

    /// Whether the last mode has all it needs and all else was given back.
    bool isDone() const;
    /// Whether the next allocation is the only thing that could happen, and has no place.
    bool isStuck() const;

    /// Whether a block is to be allocated in this step, whatever room there is.
    bool hasAllocation() const { return next_ < wanted_.size(); }
    /// The portions that can be given back now, as indices for give().
    size_t portions() const { return portions_.size(); }

    /// Allocates the next block; false, and nothing changed, where it has no place.
    bool allocate(std::vector<Event>& events);
    /// Gives a portion back.
    void give(size_t portion, std::vector<Event>& events);

    /// The same for states from which the same can follow.
    std::vector<uint64_t> key() const;

    Counterexample describe(std::vector<Event> events) const;

private:
    void beginStep(std::vector<Event>& events);
    void divide(const std::vector<Placed>& leaving);
    void goOn(std::vector<Event>& events);

    const Sequence* sequence_;
    PageAllocator pages_;
    std::vector<Placed> live_; ///< sorted
    size_t step_ = 0;
    std::vector<size_t> wanted_; ///< the class of each block that this step allocates
    size_t next_ = 0;            ///< in wanted_
    std::vector<std::vector<Placed>> portions_;
};

} // namespace mediaheap::plan
