// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/kernel.h"

#include <atomic>

#include "kernel/system_kernel.h"

namespace mediaheap {

namespace {

std::atomic<Kernel*> replacement{nullptr};

} // namespace

Kernel::~Kernel() = default;

Kernel& Kernel::system() noexcept {
    // Never destroyed: heaps may outlive the static objects of the program.
    static SystemKernel* const kernel = new SystemKernel;
    return *kernel;
}

Kernel& Kernel::current() noexcept {
    Kernel* const kernel = replacement.load();
    return kernel ? *kernel : system();
}

Kernel* Kernel::replace(Kernel* kernel) noexcept { return replacement.exchange(kernel); }

} // namespace mediaheap
