// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include <mediaheap/result.h>

#include "heap/heap_string.h"

namespace mediaheap {

/// The environment variable that says what `auto` is.
constexpr const char* defaultHeapVariable = "MEDIAHEAP_DEFAULT";

/// An error of reading it, with the variable and its value in front.
Error blameDefaultHeap(Error error);

/// What that variable says, or nothing where it is not set. Zones from a file are not read yet.
///
/// Errors: those of HeapString::parse(); EINVAL when it is `auto` again.
Result<std::optional<HeapString>> defaultHeap();

} // namespace mediaheap
