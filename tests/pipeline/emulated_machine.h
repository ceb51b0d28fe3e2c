// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "fake_kernel.h"
#include "kernel_override.h"

namespace mediaheap::test {

/// A machine with `/dev/dma_heap/system` and one of its uncached kind, for as long as it lives.
class EmulatedMachine {
public:
    EmulatedMachine() : override_(kernel) {
        kernel.addDmaHeap("system");
        kernel.addDmaHeap("system-uncached");
    }

    FakeKernel kernel;

private:
    KernelOverride override_;
};

} // namespace mediaheap::test
