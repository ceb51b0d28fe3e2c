// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <mediaheap/result.h>

#include "placement_search.h"
#include "plan_file.h"

namespace mediaheap::plan {

/// A mode that no order could fit into the heap of the file.
struct TooLarge {
    std::string mode;   ///< empty: there are no modes
    uint64_t bytes = 0; ///< in whole pages
};

/// What a plan comes to; sizes in bytes.
struct Plan {
    PlanFile file;
    uint64_t page = 0;

    uint64_t largestMode = 0;    ///< blocks of the largest mode, each rounded up to pages
    std::string largestModeName; ///< empty: there are no modes
    /// Of the file, rounded up to pages.
    std::optional<uint64_t> givenHeap;
    std::vector<TooLarge> tooLarge; ///< for @ref givenHeap, each once

    uint64_t heap = 0; ///< size of the heap, which the sequence fits where that is possible
    /// Sizes tried beyond the first: the largest, the bound of them where the file gives the first,
    /// and how far apart they are; 0 where there were none.
    uint64_t triedUpTo = 0;
    uint64_t triedBound = 0;
    uint64_t triedApart = 0;
    uint64_t others = 0;         ///< CMA beside the heap
    uint64_t margin = 0;         ///< of CMA
    unsigned marginPercent = 0;  ///< that @ref margin is; 0 where it is given in bytes
    std::optional<uint64_t> cma; ///< to reserve; nothing where no heap was found that fits

    Sequence sequence;   ///< in a zone of @ref heap
    SearchResult result; ///< of that zone
    /// Of the heap that was tried first, the file's or one that has room for the largest mode and
    /// no more, where the sequence does not fit that but @ref heap.
    std::optional<SearchResult> tightResult;
    Sequence tightSequence;

    /// Whether the sequence fits the heap that the file has, or where it has none the one found.
    bool fits() const { return result.fits && heap == givenHeap.value_or(heap); }
    /// Whether there is a sequence to look at.
    bool hasBlocks() const { return !sequence.classes.empty(); }
};

/// Adds up what needs no search. @p machinePage is taken where the file names no page size.
///
/// Errors: EINVAL too many blocks.
Result<Plan> addUp(PlanFile file, uint64_t machinePage);
/// Looks for the heap, and works out what depends on its size.
///
/// Errors: EINVAL a sum that no machine has.
Result<Plan> findHeap(Plan plan, const SearchLimits& limits);
/// Both, one after the other.
Result<Plan> workOut(PlanFile file, uint64_t machinePage, const SearchLimits& limits);

} // namespace mediaheap::plan
