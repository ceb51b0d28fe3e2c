// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/code_location.h"

namespace mediaheap {

/// More frames than this are not captured: the outermost ones are main loops and thread starts.
constexpr size_t longestBacktrace = 32;

/// The calls under way on this thread, the innermost first. @p skip leaves out that many callers of
/// this function, 0 begins with its caller. Each address lies within its call, not behind it, so
/// that it can be looked up as it is.
std::vector<void*> captureBacktrace(int skip);

/// The same without allocating, into room for @p capacity addresses; returns how many there are.
/// Safe in a signal handler once it has been called outside of one; where the unwinder needs
/// dl_iterate_phdr() (glibc before 2.35, musl) only if the signal did not interrupt the loader.
size_t captureBacktrace(void** frames, size_t capacity, int skip) noexcept;

/// One line for each call, `    #0 function at file:line`, with the inlined calls in between; the
/// last line has no newline. addr2line is asked where it is installed, and knows files and lines
/// where there is debug information. What it does not know is given as `    #0 module+0x1234`,
/// which an addr2line elsewhere understands. Empty for no frames.
std::string describeBacktrace(const std::vector<void*>& frames);

/// The same without allocating. Not to be used twice at a time.
///
/// Safe in a signal handler.
class BacktraceWriter {
public:
    /// Receives the text piece by piece.
    class Sink {
    public:
        virtual void take(const char* text, size_t length) noexcept = 0;

    protected:
        ~Sink() = default;
    };

    /// @p addr2line: path of the program, empty to do without.
    void write(void* const* frames, size_t count, const char* addr2line, Sink& sink) noexcept;

private:
    void flush(size_t first, Sink& sink) noexcept;

    const char* addr2line_ = "";
    // The calls of one module that follow one another are looked up in one go.
    char module_[CodeLocation::longestPath] = "";
    uint64_t addresses_[longestBacktrace] = {};
    size_t pending_ = 0;
    CodeLocation location_{};
    char answer_[16384] = "";
};

} // namespace mediaheap
