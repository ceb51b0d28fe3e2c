// SPDX-License-Identifier: LGPL-2.1-or-later
#include "../../kernel/exporter_facts.h"

#include "fake_kernel.h"

namespace mediaheap::test {

Kernel& exporterKernel() {
    static FakeKernel kernel;
    [[maybe_unused]] static const bool furnished = [] {
        kernel.addUdmabuf();
        kernel.addDmaHeap("system");
        return true;
    }();
    return kernel;
}

} // namespace mediaheap::test
