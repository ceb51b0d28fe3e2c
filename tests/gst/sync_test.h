// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <linux/dma-buf.h>
#include <optional>
#include <vector>

#include <gst/allocators/allocators.h>

#include "fake_kernel.h"
#include "gst_test.h"
#include "kernel_override.h"

namespace mediaheap::test {

constexpr uint64_t startRead = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ;
constexpr uint64_t startWrite = DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE;
constexpr uint64_t startBoth = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW;
constexpr uint64_t endRead = DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ;
constexpr uint64_t endWrite = DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE;
constexpr uint64_t endBoth = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;

/// Runs on emulated DMA-BUFs whatever the machine has, so that the calls can be seen and made to
/// fail.
class SyncTest : public GstTest {
protected:
    using Flags = std::vector<uint64_t>;

    void SetUp() override {
        GstTest::SetUp();
        kernel.addDmaHeap("system");
        override_.emplace(kernel);
        heap.reset(gst_media_heap_open("dma-heap:system,size=8M,zone=sync", nullptr));
        ASSERT_NE(heap, nullptr);
        allocator.reset(gst_media_heap_get_allocator(heap.get()));
        memory.reset(gst_allocator_alloc(allocator.get(), 1000, nullptr));
        ASSERT_TRUE(gst_is_dmabuf_memory(memory.get()));
        kernel.forgetSyncCalls();
    }
    void TearDown() override {
        memory.reset();
        allocator.reset();
        heap.reset();
        EXPECT_EQ(kernel.liveBuffers(), 0u);
        EXPECT_EQ(kernel.liveMappings(), 0u);
        override_.reset();
        GstTest::TearDown();
    }

    Flags calls(GstMemory* of) { return kernel.syncFlags(gst_dmabuf_memory_get_fd(of)); }
    Flags calls() { return calls(memory.get()); }

    FakeKernel kernel;
    Owned<GstMediaHeap> heap;
    Owned<GstAllocator> allocator;
    Owned<GstMemory> memory;

private:
    std::optional<KernelOverride> override_;
};

} // namespace mediaheap::test
