// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "machine.h"
#include "process_choice.h"
#include "tables/table_scan.h"

namespace mediaheap::tool {

/// The heaps of one process.
struct ShownProcess {
    ProcessIdentity owner;
    OwnerState state = OwnerState::Unknown;
    std::vector<TableContent> heaps;
};

/// What `mediaheap show` has found.
struct Shown {
    ProcessChoice asked;
    std::vector<ShownProcess> processes; ///< by process; of those that were asked for
    size_t others = 0;                   ///< that run and were not asked for
    std::vector<UnreadableTable> unreadable;
    std::vector<std::string> directories; ///< where it has looked
    Machine machine;
};

/// `live`, `crashed` or `unknown`.
const char* name(OwnerState state);
/// `live`, `pending`, `held` or `system`.
const char* name(table::SlotState state);

/// The media-mem text of one process: all zones of all its heaps.
std::string mediaMemOf(const ShownProcess& process);

void printShownText(std::ostream& out, const Shown& shown);
void printShownJson(std::ostream& out, const Shown& shown);

/// A picture of every zone with its blocks. The same for the same tables, whatever the machine.
std::string drawMap(const Shown& shown);

} // namespace mediaheap::tool
