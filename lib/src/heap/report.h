// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include <mediaheap/stats.h>

#include "heap/zone_set.h"
#include "sources/source.h"

namespace mediaheap {

/// The text of HiSilicon's /proc/media-mem: addresses inclusive, blocks by address. kvirt and flags
/// describe mappings in the kernel, of which blocks of ours have none.
std::string reportText(const ZoneSet& zones);

/// Everything known, for programs; docs/report.md names the members.
std::string reportJson(const std::string& description, const SourceTraits& traits,
                       const ZoneSet& zones, const Stats& stats);

} // namespace mediaheap
