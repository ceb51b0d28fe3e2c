// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kernel/kernel.h"

namespace mediaheap::tool {

/// What the kernel says of the machine's memory; KB, as /proc/meminfo has it. Nothing where it does
/// not say: a kernel without CMA has no line for it.
struct Machine {
    std::optional<uint64_t> memAvailable;
    std::optional<uint64_t> cmaTotal;
    std::optional<uint64_t> cmaFree;
    std::string mediaMem; ///< the driver's own /proc/media-mem; empty where there is none

    static Machine look(Kernel& kernel);
};

} // namespace mediaheap::tool
