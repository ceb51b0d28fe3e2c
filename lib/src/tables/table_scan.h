// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tables/table_content.h"

namespace mediaheap {

class FileSystem;
class Kernel;

/// What has become of the process that a table is of.
enum class OwnerState {
    Live,
    Crashed, ///< it ended and left its table behind
    Unknown, ///< it is in another PID namespace, or this machine does not tell
};

/// A heap of some process of this machine.
struct SharedHeap {
    std::string directory;
    std::string file;
    OwnerState state = OwnerState::Unknown;
    TableContent content;
};

/// Something in a runtime directory that should be a table, or a directory that cannot be entered.
struct UnreadableTable {
    std::string path;
    std::string reason;
};

struct TableScan {
    std::vector<SharedHeap> heaps; ///< by process and number
    std::vector<UnreadableTable> unreadable;
};

/// The directories where this user finds tables: the one of MEDIAHEAP_RUNTIME_DIR alone where that
/// is set; else those in which processes of this user may have put them, and for root those of all
/// users. Not all of them need to be there.
std::vector<std::string> tableDirectories(Kernel& kernel, FileSystem& files);

/// Reads every table there. A heap that is closed meanwhile is left out, as is one that is being
/// opened.
TableScan scanTables(Kernel& kernel, FileSystem& files,
                     const std::vector<std::string>& directories);

/// Removes everything that dead processes have left in these directories, and what cannot be read
/// though its name says that its process is dead; how many heaps that were.
size_t sweepTables(Kernel& kernel, FileSystem& files, const std::vector<std::string>& directories);

} // namespace mediaheap
