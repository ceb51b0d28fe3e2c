// SPDX-License-Identifier: LGPL-2.1-or-later
#include "exporter_facts.h"

#include "kernel/kernel.h"

namespace mediaheap::test {

Kernel& exporterKernel() { return Kernel::system(); }

} // namespace mediaheap::test
