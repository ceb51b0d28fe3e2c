// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace mediaheap {

/// What the machine tells of a fault beside its address.
struct MachineFault {
    enum class Kind { Unknown, Read, Write, Execute };

    uintptr_t pc = 0; ///< the instruction; 0 where it is not known
    Kind kind = Kind::Unknown;

    /// From the third argument of a handler with SA_SIGINFO: x86 gives the page fault's error code,
    /// arm64 the syndrome (ESR), arm the fault status (FSR), other machines nothing.
    static MachineFault of(const void* context) noexcept;
};

} // namespace mediaheap
