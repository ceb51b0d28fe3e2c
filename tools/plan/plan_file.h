// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mediaheap/result.h>

#include "item.h"
#include "placement_search.h"

namespace mediaheap::plan {

/// Items that are there at the same time.
struct Mode {
    std::string name;
    unsigned line = 0;
    std::vector<size_t> items; ///< indices into PlanFile::items
};

/// What a plan file says (docs/plan.md has the format).
struct PlanFile {
    uint64_t page = 0;              ///< bytes; 0: the machine's
    std::optional<uint64_t> heap;   ///< size of the heap, where it is given
    std::optional<uint64_t> margin; ///< bytes of CMA beyond the sum
    std::optional<unsigned> marginPercent;
    std::vector<Item> items;
    std::vector<Mode> modes;
    std::vector<size_t> order; ///< of modes, as [sequence] gives it
    Release release = Release::Blocks;
};

/// Reads the text of a plan file; @p name is what errors call it.
///
/// Errors: EINVAL with the name and the number of the line in Error::step.
Result<PlanFile> parsePlan(std::string_view text, const std::string& name);

} // namespace mediaheap::plan
