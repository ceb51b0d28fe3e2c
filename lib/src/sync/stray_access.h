// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "sync/guarded_range.h"
#include "sync/machine_fault.h"

namespace mediaheap {

/// One access to a block outside those that were opened, as the handler met it.
struct StrayAccess {
    uintptr_t address = 0;
    MachineFault fault;

    // As the guarded range was then.
    size_t offset = 0;
    size_t size = 0;
    bool live = false; ///< false: the block was freed
    char block[sizeof GuardedRange::block] = "";
    char heap[sizeof GuardedRange::heap] = "";
    AccessRecord oldest; ///< of the open accesses
    AccessRecord ended;  ///< the last one that did

    /// Errno of the mprotect(2) that was to let it through; 0: it was, or was not to be.
    int refusal = 0;
    bool letThrough = false;

    /// Copies what @p range says, with its lock.
    void describe(const GuardedRange& range) noexcept;

    /// Writes it all to stderr. One thread at a time. With backtraces, unless the very instruction
    /// has had its report before.
    ///
    /// Safe in a signal handler.
    void report() const noexcept;
};

} // namespace mediaheap
