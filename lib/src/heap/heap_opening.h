// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>

#include <mediaheap/result.h>

#include "heap/heap_string.h"
#include "sources/source.h"

namespace mediaheap {

class Kernel;

/// What a heap string has come to: its source, opened, and every default worked out.
struct HeapOpening {
    std::unique_ptr<Source> source;
    HeapString effective;    ///< every key has a value
    std::string description; ///< what one has to write to get this heap
};

/// Opens the source of @p string and works out what was left to defaults.
///
/// Errors: EINVAL a size or a base that cannot be; EOPNOTSUPP a wish that the source cannot honour;
/// those of the source.
Result<HeapOpening> openHeap(Kernel& kernel, const HeapString& string);

/// Whether a source of these @p traits has what @p string asks for.
///
/// Errors: EOPNOTSUPP with the reason.
Result<void> checkWishes(const HeapString& string, const SourceTraits& traits);

} // namespace mediaheap
