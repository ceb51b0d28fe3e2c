// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

#include <mediaheap/result.h>

#include "tables/heap_offer.h"

namespace mediaheap {

class FileSystem;

/// Asks the process whose socket is @p name in the runtime directory of descriptor @p directory.
///
/// Errors: what the heap answers, with its words; ENOENT, ECONNREFUSED nobody listens; EPERM it
/// does not take requests from this user; ETIMEDOUT it does not answer; EPROTO it answers something
/// else.
Result<HeapOffer::Answer> askOffer(FileSystem& files, int directory, const std::string& name,
                                   uint32_t heap, OfferOperation operation);

} // namespace mediaheap
