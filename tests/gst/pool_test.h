// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <initializer_list>

#include "gst_test.h"

namespace mediaheap::test {

/// What a pool is to be configured with; everything else stays as the pool had it.
struct PoolSetup {
    const char* caps = "test/data";
    guint size = 10000;
    guint min = 0;
    guint max = 0;
    std::initializer_list<const char*> options = {};
    GstAllocationParams params{};
};

/// Configures @p pool as @p setup says; what gst_buffer_pool_set_config() returns.
bool configure(const Owned<GstBufferPool>& pool, const PoolSetup& setup);

/// A buffer of @p pool; null where it gives none, with @p result saying why.
Owned<GstBuffer> acquire(const Owned<GstBufferPool>& pool, GstFlowReturn* result = nullptr);
/// The same without waiting.
Owned<GstBuffer> acquireNow(const Owned<GstBufferPool>& pool, GstFlowReturn* result = nullptr);

/// A test with a pool in a heap of its own.
class PoolTest : public GstTest {
protected:
    void SetUp() override {
        GstTest::SetUp();
        openHeap("size=8M");
    }
    void TearDown() override {
        pool.reset();
        heap.reset();
        GstTest::TearDown();
    }

    void openHeap(const char* options) {
        pool.reset();
        heap = openTestHeap(options);
        ASSERT_NE(heap, nullptr);
        pool.reset(gst_media_heap_buffer_pool_new(heap.get()));
    }
    /// Configures the pool and makes it active.
    void start(const PoolSetup& setup) {
        ASSERT_TRUE(configure(pool, setup));
        ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    }
    void stop() { gst_buffer_pool_set_active(pool.get(), FALSE); }
    guint64 blocks() { return stat(heap.get(), "blocks"); }

    Owned<GstMediaHeap> heap;
    Owned<GstBufferPool> pool;
};

} // namespace mediaheap::test
