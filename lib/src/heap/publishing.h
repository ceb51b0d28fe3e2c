// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>

#include "heap/zone_set.h"
#include "sources/source.h"
#include "tables/heap_offer.h"
#include "tables/heap_table.h"

namespace mediaheap {

class FileSystem;
class Kernel;

/// The table in which other processes see this heap; null where there can be none, which is logged
/// once in a process and keeps no heap from working.
std::unique_ptr<HeapTable> openTable(Kernel& kernel, FileSystem& files,
                                     const std::string& description, const SourceTraits& traits,
                                     const ZoneSet& zones, bool offered);

/// Offers the heap of @p table to other processes; null where that cannot be, which is logged.
std::unique_ptr<HeapOffer> openOffer(Kernel& kernel, FileSystem& files, const HeapTable* table,
                                     HeapOffer::Handler handler);

} // namespace mediaheap
