// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cctype>
#include <cstring>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <mediaheap/heap.h>

#include "bufinfo.h"
#include "environment_variable.h"
#include "leak_check.h"
#include "must.h"

namespace mediaheap::test {

/// A heap on the machine's real exporters; the parameter is the source. Nothing may be left of a
/// test in this process or in the kernel's list of DMA-BUFs.
class RealHeap : public testing::TestWithParam<const char*> {
protected:
    ~RealHeap() override {
        heap.reset();
        EXPECT_EQ(leaks_.difference(), "");
        EXPECT_EQ(readBufinfo().size(), buffersBefore_);
    }

    void open(const std::string& keys) {
        heap.reset();
        heap = must(Heap::open(GetParam() + keys));
    }

    Block allocate(size_t size, const std::string& name = {}, uint64_t client = 0) {
        AllocOptions options;
        options.name = name;
        options.client = client;
        return must(heap->allocate(size, options));
    }

    static void fill(const Block& block, int value) {
        Mapping mapping = must(block.map(Access::Write));
        std::memset(mapping.data(), value, mapping.size());
        must(mapping.end());
    }

    /// How many bytes of the block are @p value.
    static size_t count(const Block& block, uint8_t value) {
        Mapping mapping = must(block.map(Access::Read));
        const auto* const bytes = static_cast<const uint8_t*>(mapping.data());
        size_t found = 0;
        for (size_t n = 0; n < mapping.size(); ++n)
            found += bytes[n] == value;
        must(mapping.end());
        return found;
    }

    static bool isFilledWith(const Block& block, uint8_t value) {
        return count(block, value) == block.size();
    }

    bool isUdmabuf() const { return std::string(GetParam()) == "udmabuf"; }

private:
    const EnvironmentVariable noDefault_{"MEDIAHEAP_DEFAULT", nullptr};
    const LeakCheck leaks_;
    const size_t buffersBefore_ = readBufinfo().size();

protected:
    std::shared_ptr<Heap> heap;
};

inline std::string sourceName(const testing::TestParamInfo<const char*>& row) {
    const std::string name = row.param;
    return name.substr(name.find(':') + 1);
}

} // namespace mediaheap::test
