// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <mediaheap/result.h>

#include "heap/zone.h"

namespace mediaheap {

/// Why none of @p zones, which are those that were searched, has room for @p size bytes: larger
/// than the zone, too little free, or no piece large enough; who has how much of it, and what to
/// do.
Error explainExhaustion(const std::vector<const Zone*>& zones, uint64_t size, uint64_t alignment);

/// Who has the memory of these zones, by name, the most first: `in use: 'preview' 12150 KiB in 4
/// blocks`. Empty when nobody has any.
std::string nameHolders(const std::vector<const Zone*>& zones);

/// `12150 KiB`.
std::string formatKib(uint64_t bytes);

} // namespace mediaheap
