// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mediaheap {

/// More frames than this are not captured: the outermost ones are main loops and thread starts.
constexpr size_t longestBacktrace = 32;

/// The calls under way on this thread, the innermost first. @p skip leaves out that many callers of
/// this function, 0 begins with its caller. Each address lies within its call, not behind it, so
/// that it can be looked up as it is.
std::vector<void*> captureBacktrace(int skip);

/// The same without allocating, into room for @p capacity addresses; returns how many there are.
/// With a C library whose dl_iterate_phdr() the unwinder needs (glibc before 2.35, musl), it is
/// safe in a signal handler as long as the signal did not interrupt the dynamic loader.
size_t captureBacktrace(void** frames, size_t capacity, int skip) noexcept;

/// One line for each call, `    #0 function at file:line`, with the inlined calls in between; the
/// last line has no newline. addr2line is asked where it is installed, for ten seconds at most, and
/// knows files and lines where there is debug information. What it does not know is given as
/// `    #0 module+0x1234`, which addr2line understands elsewhere. Empty for no frames.
std::string describeBacktrace(const std::vector<void*>& frames);

} // namespace mediaheap
