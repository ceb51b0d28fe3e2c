// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

#include <mediaheap/result.h>

#include "heap/zone.h"

namespace mediaheap {

/// Why @p zone has no room for @p size bytes: larger than the zone, too little free, or no piece
/// large enough; who has how much of it, and what to do.
Error explainExhaustion(const Zone& zone, uint64_t size, uint64_t alignment);

/// Who has the memory of a zone, by name, the most first: `in use: 'preview' 12150 KiB in 4
/// blocks`. Empty when nobody has any.
std::string nameHolders(const Zone& zone);

/// `12150 KiB`.
std::string formatKib(uint64_t bytes);

} // namespace mediaheap
