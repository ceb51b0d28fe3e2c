// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "steps.h"

namespace mediaheap::tool {

/// Captures frames of a V4L2 device into blocks of the heap, and looks whether the CPU's caches
/// show them without a sync.
std::vector<Step> checkV4l2(const Bench& bench);

} // namespace mediaheap::tool
