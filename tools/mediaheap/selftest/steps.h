// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <mediaheap/heap.h>

#include "verdict.h"

namespace mediaheap::tool {

/// What the steps of a selftest share.
struct Bench {
    std::shared_ptr<Heap> heap;
    std::string device;     ///< of V4L2; empty: the first that there is, `none`: none
    uint64_t limit = 0;     ///< bytes that the exhaustion may take
    bool simulated = false; ///< the heap's devices are emulated

    /// A piece of the zone that leaves room for others: @p bytes, less where it has little free.
    size_t piece(uint64_t bytes) const;
};

// Memory by itself.
Step checkAllocation(const Bench& bench);
Step checkMapping(const Bench& bench);
Step checkSync(const Bench& bench);
Step checkExport(const Bench& bench);
Step checkRecycling(const Bench& bench);
Step checkExhaustion(const Bench& bench);

// With hardware, or what stands for it: whether it reads and writes the memory, and whether it does
// so past the caches of the CPU.
std::vector<Step> checkDevice(const Bench& bench);

// Medians of several runs.
std::vector<Step> measureSpeed(const Bench& bench);

} // namespace mediaheap::tool
