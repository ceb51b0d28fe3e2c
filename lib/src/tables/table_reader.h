// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include <mediaheap/result.h>

#include "tables/table_content.h"

namespace mediaheap {

class FileSystem;

/// Reads a table that another process may be changing at this moment; takes no lock and waits for
/// nobody. A table that changes faster than it can be copied comes out with what is true of each
/// block by itself (TableContent::consistent is false then).
///
/// @p directory: the descriptor of the runtime directory, @p name the file in it.
///
/// Errors: ENOENT it is gone, its process closed the heap; ELOOP, EINVAL it is no regular file;
/// those of parseTable(); what open(2) and pread(2) answer.
Result<TableContent> readTable(FileSystem& files, int directory, const std::string& name);

} // namespace mediaheap
