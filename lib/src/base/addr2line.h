// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace mediaheap {

/// The path of GNU addr2line, looked for once in PATH; empty where it is not installed. Not for
/// signal handlers unless it was called before.
const char* addr2linePath() noexcept;

/// Has @p program, an addr2line, look @p count addresses up in the file @p module, and puts what it
/// prints into @p answer, NUL-terminated: for each address a line `0x...: function at file:line`
/// and one for each call that was inlined there. False where it cannot be run or takes longer than
/// ten seconds.
///
/// Safe in a signal handler.
bool runAddr2line(const char* program, const char* module, const uint64_t* addresses, size_t count,
                  char* answer, size_t capacity) noexcept;

} // namespace mediaheap
