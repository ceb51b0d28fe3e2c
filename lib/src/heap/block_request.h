// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <mediaheap/result.h>

#include "heap/zone_set.h"
#include "sources/source.h"

namespace mediaheap {

struct AllocOptions;

/// What a block must be like, checked and with defaults worked out.
struct BlockRequest {
    size_t size = 0;      ///< whole pages
    size_t alignment = 0; ///< a power of two, at least a page
    std::string name;     ///< no longer than the kernel takes it
    uint64_t client = 0;
    bool zero = false;
    bool cached = true;
    bool manual = false;
    ZoneSet::Wish where;
};

/// Errors: those of Heap::allocate() that need no look at what is free.
Result<BlockRequest> checkRequest(size_t size, const AllocOptions& options,
                                  const SourceTraits& traits, const ZoneSet& zones);

} // namespace mediaheap
