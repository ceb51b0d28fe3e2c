// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>

#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

#include "heap/backing.h"

namespace mediaheap {

class HeapCore;

/// Memory that somebody else has made, mapped as that of @p core is, which only lends its kernel
/// and its way to guard mappings: for Heap::wrap(), which says what @p fd and @p size are and what
/// is refused.
Result<Backing> wrapForeignMemory(HeapCore& core, UniqueFd fd, size_t size);

} // namespace mediaheap
