// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <mediaheap/export.h>

namespace mediaheap {

enum class LogLevel { Error, Warning, Info, Debug };

/// Receives one message without a final newline, which has more lines than one only where it goes
/// on with backtraces; called from any thread, must not throw.
using LogHandler = void (*)(LogLevel level, const char* line);

/// Where the library's messages go, for the whole process; nullptr restores the default, which
/// prints errors and warnings to stderr. Returns the handler that was in force.
///
/// Thread safety: any thread. Since: 0.1
MEDIAHEAP_API LogHandler setLogHandler(LogHandler handler) noexcept;

/// Says something where the library's own messages go; for libraries that are built on it.
///
/// Thread safety: any thread. Since: 0.1
MEDIAHEAP_API void writeLog(LogLevel level, const char* line) noexcept;

} // namespace mediaheap
