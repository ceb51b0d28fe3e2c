// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

#include <mediaheap/result.h>

namespace mediaheap {

class Kernel;

/// Why CMA had no @p size bytes for @p step: what there is of it, as /proc/meminfo says, what
/// `mediaheap plan` would reserve for a heap of @p heap bytes, and how that is done. Always ENOMEM.
Error explainLackOfCma(Kernel& kernel, std::string step, uint64_t size, uint64_t heap);

} // namespace mediaheap
