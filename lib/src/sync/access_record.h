// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>

#include <mediaheap/access.h>

#include "base/backtrace.h"
#include "sync/byte_range.h"

namespace mediaheap {

/// How a CPU access was opened. Copied without allocating, since a signal handler tells of it.
struct AccessRecord {
    uint64_t sequence = 0; ///< nextSequence(); 0: this is no access
    pid_t thread = 0;      ///< gettid(2) of who opened it
    Access access = Access::Read;
    ByteRange range;
    std::array<void*, longestBacktrace> frames{}; ///< where, as captureBacktrace() gives it
    size_t depth = 0;                             ///< how many of them there are

    /// Of an access that this thread is opening now.
    static AccessRecord capture(Access access, ByteRange range);

    /// `access #12 for reading, of 64 bytes at 0, opened by thread 4711`, and in further lines
    /// where.
    std::string text() const;
};

/// `for reading`, `for writing`, `for reading and writing`.
const char* describe(Access access) noexcept;

} // namespace mediaheap
