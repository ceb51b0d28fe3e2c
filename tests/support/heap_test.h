// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <mediaheap/heap.h>

#include "environment_variable.h"
#include "fake_kernel.h"
#include "fault_kernel.h"
#include "kernel_override.h"
#include "leak_check.h"
#include "must.h"

namespace mediaheap::test {

/// Tests of heaps on an emulated machine, which has no device nodes unless the test adds them:
/// faults over the emulation over the real kernel. Whatever a test does, nothing may be left of it
/// when its heaps and blocks are gone: no descriptor, no mapping, no buffer.
class HeapTest : public testing::Test {
protected:
    HeapTest() = default;
    ~HeapTest() override {
        EXPECT_EQ(fake.liveBuffers(), 0u);
        EXPECT_EQ(faults.mappingsLeft(), "");
        EXPECT_EQ(leaks_.difference(), "");
    }

    /// The heap; fails the test where it cannot be opened.
    static std::shared_ptr<Heap> open(const std::string& string) {
        return must(Heap::open(string));
    }

    /// Fails the test where there is none.
    static Block allocate(const std::shared_ptr<Heap>& heap, size_t size,
                          const AllocOptions& options = {}) {
        return must(heap->allocate(size, options));
    }

    static AllocOptions named(const std::string& name) {
        AllocOptions options;
        options.name = name;
        return options;
    }

    static AllocOptions ofClient(uint64_t client) {
        AllocOptions options;
        options.client = client;
        return options;
    }

    /// Writes every byte of the block.
    static void fill(const Block& block, uint8_t value) {
        Mapping mapping = must(block.map(Access::Write));
        std::memset(mapping.data(), value, mapping.size());
        must(mapping.end());
    }

    /// Whether every byte of the block is @p value.
    static bool isFilledWith(const Block& block, uint8_t value) {
        Mapping mapping = must(block.map(Access::Read));
        const auto* const bytes = static_cast<const uint8_t*>(mapping.data());
        const bool same =
            bytes[0] == value && std::memcmp(bytes, bytes + 1, mapping.size() - 1) == 0;
        must(mapping.end());
        return same;
    }

private:
    const LeakCheck leaks_;
    const EnvironmentVariable noDefault_{"MEDIAHEAP_DEFAULT", nullptr};

protected:
    FakeKernel fake;
    FaultKernel faults{fake};
    const size_t page = fake.pageSize();

private:
    const KernelOverride override_{faults};
};

} // namespace mediaheap::test
