// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <mediaheap/result.h>

namespace mediaheap {

struct HeapString;

/// Sets @p key of @p heap. Of `mmz`, which comes last, @p value is the rest of the heap string.
///
/// Errors: EINVAL with what would be right, for a key that there is not all of those that there
/// are.
Result<void> setHeapKey(HeapString& heap, std::string_view key, std::string_view value);

/// All keys of heap strings. The one list: what is not in it is not known, and the manual page and
/// docs/heap-string.md are tested against it.
std::vector<std::string> heapKeys();

} // namespace mediaheap
