// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "kernel/kernel.h"

namespace mediaheap::test {

/// Puts a kernel in place for as long as this object lives.
class KernelOverride {
public:
    explicit KernelOverride(Kernel& kernel) : previous_(Kernel::replace(&kernel)) {}
    ~KernelOverride() { Kernel::replace(previous_); }
    KernelOverride(const KernelOverride&) = delete;
    KernelOverride& operator=(const KernelOverride&) = delete;

private:
    Kernel* previous_;
};

} // namespace mediaheap::test
