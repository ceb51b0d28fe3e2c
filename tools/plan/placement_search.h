// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mediaheap::plan {

/// Blocks that come and go with an item: all of one size.
struct BlockClass {
    std::string name; ///< `camera buffer`
    uint64_t pages = 0;
    size_t count = 0;
    size_t item = 0; ///< classes of one item are given back together under Release::Items
};

/// In what portions the blocks of the mode that ends come back while the next one begins.
enum class Release {
    First,  ///< all of them, before the next mode allocates anything
    Items,  ///< item by item, in any order; the next mode allocates in between wherever it can
    Blocks, ///< block by block, likewise
};

/// A zone and what happens in it: from one mode to the next the classes that only the old one has
/// are given back, and those that only the new one has are allocated, in the order in which it
/// lists them. Memory that both have stays where it is. Nothing is allocated before the first mode.
struct Sequence {
    uint64_t zonePages = 0;
    std::vector<BlockClass> classes;
    std::vector<std::vector<size_t>> modes; ///< indices into @ref classes, in order of allocation
    std::vector<size_t> order;              ///< indices into @ref modes
    Release release = Release::Blocks;
};

/// A block in the zone.
struct Placed {
    size_t ofClass = 0;
    uint64_t first = 0; ///< page

    friend bool operator==(const Placed& a, const Placed& b) {
        return a.ofClass == b.ofClass && a.first == b.first;
    }
    friend bool operator<(const Placed& a, const Placed& b) {
        return a.ofClass != b.ofClass ? a.ofClass < b.ofClass : a.first < b.first;
    }
};

/// One thing that happened.
struct Event {
    enum class Kind {
        Mode,     ///< the mode at @ref step of Sequence::order begins
        Allocate, ///< @ref block came to lie there
        Free,     ///< @ref block was given back
    };
    Kind kind = Kind::Mode;
    size_t step = 0;
    Placed block;
};

/// An order of events after which a block has no place, though all that was to be given back is.
struct Counterexample {
    std::vector<Event> events;
    std::vector<Placed> live; ///< in order of address
    size_t step = 0;          ///< of Sequence::order, the mode that could not begin
    size_t ofClass = 0;       ///< what had no place
    uint64_t freePages = 0;
    uint64_t largestGap = 0;
};

/// What the search looks through before it draws orders at random.
struct SearchLimits {
    uint64_t states = 200000;
    uint64_t samples = 10000;
    uint64_t seed = 1;
    unsigned sizes = 64; ///< of a heap to try at most, beyond the first
    /// Called now and then with what was looked through so far: states, or orders drawn.
    std::function<void(uint64_t done, bool sampling)> progress;
};

struct SearchResult {
    bool fits = false;
    bool exhaustive = false; ///< every order was looked at, or a counterexample ended the search
    uint64_t states = 0;     ///< distinct states of the zone that were looked at
    uint64_t samples = 0;    ///< orders drawn at random
    uint64_t seed = 0;       ///< they were drawn with; 0 where none were
    std::optional<Counterexample> counterexample;
};

/// Whether the sequence fits, under the heap's own placement (PageAllocator: best fit, lowest
/// address on ties), in whatever order the memory comes back.
///
/// Every order is looked at as long as that takes at most SearchLimits::states distinct states:
/// orders that lead to the same blocks in the same places are one. Beyond that, orders are drawn at
/// random, the same for the same seed; a counterexample is one in either case.
SearchResult search(const Sequence& sequence, const SearchLimits& limits = {});

/// The most pages that a mode of the sequence has allocated: less no zone can be.
uint64_t pagesOfLargestMode(const Sequence& sequence);

} // namespace mediaheap::plan
