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

/// What a plan comes to; sizes in bytes.
struct Plan {
    PlanFile file;
    uint64_t page = 0;

    uint64_t largestMode = 0;    ///< blocks of the largest mode, each rounded up to pages
    std::string largestModeName; ///< empty: there are no modes
    uint64_t heap = 0;      ///< size of the heap, which the sequence fits where that is possible
    bool heapGiven = false; ///< the file says so
    uint64_t others = 0;    ///< CMA beside the heap
    uint64_t margin = 0;    ///< of CMA
    unsigned marginPercent = 0; ///< that @ref margin is; 0 where it is given in bytes
    uint64_t cma = 0;           ///< to reserve

    Sequence sequence;   ///< in a zone of @ref heap
    SearchResult result; ///< of that zone
    /// Of a heap that has room for the largest mode and no more, where the sequence does not fit
    /// that.
    std::optional<SearchResult> tightResult;
    Sequence tightSequence;
};

/// Works a plan out. @p machinePage is taken where the file names no page size.
///
/// Errors: EINVAL a heap or a sum that no machine has.
Result<Plan> workOut(PlanFile file, uint64_t machinePage, const SearchLimits& limits);

} // namespace mediaheap::plan
