// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sys/mman.h>

#include <gtest/gtest.h>

#include "fault_kernel.h"
#include "must.h"
#include "sync/access_guard.h"
#include "sync/access_trace.h"

namespace mediaheap::test {

/// Memory of no block that is guarded like one, `frame` of heap `memfd,size=1M,sanitize=1`.
class Guarded {
public:
    explicit Guarded(StrayPolicy policy, bool writable = true) {
        const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
        EXPECT_EQ(kernel.map(nullptr, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, &address),
                  0);
        guard = must(AccessGuard::make(kernel, address, size, writable, {policy, &strays}));
        guard->lend("frame", "memfd,size=1M,sanitize=1");
        trace = std::make_unique<AccessTrace>(guard.get());
    }
    ~Guarded() {
        trace.reset();
        guard.reset();
        kernel.unmap(address, size);
    }

    uint8_t* at(size_t offset) const { return static_cast<uint8_t*>(address) + offset; }
    void opens(Access access) { must(trace->opens(access, {0, size})); }
    void closes() { must(trace->closes(true)); }

    test::FaultKernel kernel{Kernel::system()};
    const size_t size = 4 * kernel.pageSize();
    void* address = nullptr;
    std::atomic<unsigned> strays{0};
    std::unique_ptr<AccessGuard> guard;
    std::unique_ptr<AccessTrace> trace;
};

} // namespace mediaheap::test
