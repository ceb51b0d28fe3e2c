// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <mediaheap/simulated/violation.h>

#include "stage.h"

namespace mediaheap::test {

/// What must be reported.
struct Finding {
    enum class Order {
        CpuFirst,    ///< the device acted after the CPU's access, or after a store that nobody saw
        DeviceFirst, ///< the CPU acted after the device
        NoDevice,    ///< no device took part
    };

    simulated::ViolationKind kind;
    const char* block;
    uint64_t line; ///< the first line concerned
    uint64_t lines;
    Order order;
    /// The report leads to Stage::beginAsOffender(): the access that was open, or was the last to
    /// be open over these lines. False where there is none to blame.
    bool named;
};

/// A way to get cache maintenance wrong. The program makes the mistake where Stage::mistaken says
/// so, and is right without.
struct Mistake {
    const char* name;
    void (*program)(Stage&);
    std::vector<Finding> findings; ///< all of them, whatever the caches evict
    const char* keys = "";         ///< of the heap string
};

void PrintTo(const Mistake& mistake, std::ostream* out);

/// All of them.
std::vector<Mistake> mistakes();

// By what is wrong with them.
std::vector<Mistake> mistakesOfMissingSyncs();
std::vector<Mistake> mistakesOfTiming();
std::vector<Mistake> mistakesOfExtent();
std::vector<Mistake> mistakesOfNesting();

} // namespace mediaheap::test
