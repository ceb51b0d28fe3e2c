// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include <mediaheap/stats.h>

#include "heap/zone.h"
#include "sources/source.h"

namespace mediaheap {

/// The text of HiSilicon's /proc/media-mem for one zone: addresses inclusive, blocks by address,
/// kvirt and flags 0, since they describe mappings in the kernel and these blocks have none.
std::string reportText(const Zone& zone);

/// Everything known, for programs; docs/report.md names the members.
std::string reportJson(const std::string& description, const SourceTraits& traits, const Zone& zone,
                       const Stats& stats);

} // namespace mediaheap
