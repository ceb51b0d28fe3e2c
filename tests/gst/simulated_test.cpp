// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What shows on caches that are not coherent: what of a block a map syncs, and that what a pool
// lends again is as good as new.
#include <cstring>

#include <gst/allocators/allocators.h>
#include <mediaheap/simulated/device.h>

#include "pool_test.h"

namespace mediaheap::test {

namespace {

constexpr gsize line = 64;
constexpr guint8 old = 0x11;
constexpr guint8 fresh = 0x99;

class SimulatedTest : public GstTest {
protected:
    void SetUp() override {
        GstTest::SetUp();
        // Without evictions a line is as old as it was left.
        heap.reset(gst_media_heap_open("simulated,size=1M,zone=caches,line=64,evict=0", nullptr));
        ASSERT_NE(heap, nullptr);
        allocator.reset(gst_media_heap_get_allocator(heap.get()));
        memory.reset(gst_allocator_alloc(allocator.get(), 10 * line, nullptr));
        fill(memory.get(), old);
        device.emplace("camera");
    }
    void TearDown() override {
        device.reset();
        memory.reset();
        allocator.reset();
        heap.reset();
        GstTest::TearDown();
    }

    void deviceWrites() {
        ASSERT_TRUE(device->fill(gst_fd_memory_get_fd(memory.get()), 0, 10 * line, fresh));
    }
    /// Bytes that syncs reach while @p act runs.
    guint64 bytesSynced(const std::function<void()>& act) {
        const guint64 before = stat(heap.get(), "bytes-synced");
        act();
        return stat(heap.get(), "bytes-synced") - before;
    }
    /// What the CPU has in its caches, without asking for anything.
    guint8 cpuHas(gsize offset) {
        return Mapped(memory.get(), GST_MAP_READ | GST_MAP_MEDIA_HEAP_MANUAL_SYNC).data()[offset];
    }

    Owned<GstMediaHeap> heap;
    Owned<GstAllocator> allocator;
    Owned<GstMemory> memory;
    std::optional<simulated::Device> device;
};

TEST_F(SimulatedTest, AMapOfAPartSyncsTheLinesOfItsBytes) {
    const Owned<GstMemory> part(gst_memory_share(memory.get(), line + 10, line));
    EXPECT_EQ(bytesSynced([&] { Mapped(part.get(), GST_MAP_READ); }), 2 * 2 * line)
        << "it touches two lines, at START and END";
}

TEST_F(SimulatedTest, AMapOfTheWholeSyncsTheBlock) {
    EXPECT_EQ(bytesSynced([&] { Mapped(memory.get(), GST_MAP_READ); }), 2 * memory->maxsize);
}

TEST_F(SimulatedTest, ASessionOfAPartSyncsTheLinesOfItsBytes) {
    const Owned<GstMemory> part(gst_memory_share(memory.get(), 3 * line, line));
    EXPECT_EQ(bytesSynced([&] {
                  ASSERT_TRUE(
                      gst_media_heap_memory_begin_access(part.get(), GST_MAP_READ, nullptr));
                  ASSERT_TRUE(gst_media_heap_memory_end_access(part.get(), nullptr));
              }),
              2 * line);
}

TEST_F(SimulatedTest, ACopyOfAPartReadsItsBytesAlone) {
    deviceWrites();
    const Owned<GstMemory> copy(gst_memory_copy(memory.get(), line, 2 * line));
    EXPECT_EQ(Mapped(copy.get(), GST_MAP_READ).data()[line], fresh);
    EXPECT_EQ(cpuHas(line), fresh);
    EXPECT_EQ(cpuHas(0), old);
    EXPECT_EQ(cpuHas(3 * line), old);
}

TEST_F(SimulatedTest, APartBringsItsOwnBytesToTheCpu) {
    const Owned<GstMemory> part(gst_memory_share(memory.get(), 2 * line, line));
    deviceWrites();
    {
        const Mapped mapped(part.get(), GST_MAP_READ);
        ASSERT_TRUE(mapped);
        EXPECT_EQ(mapped.data()[0], fresh);
        EXPECT_EQ(mapped.data()[line - 1], fresh);
        EXPECT_EQ(cpuHas(2 * line - 1), old) << "the line before it";
        EXPECT_EQ(cpuHas(3 * line), old) << "the line behind it";
    }
    EXPECT_EQ(stat(heap.get(), "violations"), 0u);
}

TEST_F(SimulatedTest, PartsOfOneBlockAreSyncedEachForItself) {
    const Owned<GstMemory> left(gst_memory_share(memory.get(), 0, line));
    const Owned<GstMemory> right(gst_memory_share(memory.get(), 4 * line, line));
    deviceWrites();
    const Mapped first(left.get(), GST_MAP_READ);
    EXPECT_EQ(bytesSynced([&] {
                  const Mapped second(right.get(), GST_MAP_READ);
                  EXPECT_EQ(second.data()[0], fresh);
              }),
              line)
        << "its START; its END comes with the other's";
    EXPECT_EQ(first.data()[0], fresh);
    EXPECT_EQ(cpuHas(2 * line), old) << "between them";
}

// What the device has written last time interests nobody, so a frame that is drawn in part, with
// its padding left alone, is no write over the device's.
TEST_F(SimulatedTest, WhatAPoolLendsAgainIsAsGoodAsNew) {
    const Owned<GstBufferPool> pool(gst_media_heap_buffer_pool_new(heap.get()));
    ASSERT_TRUE(configure(pool, {"test/data", 10 * line, 0, 1}));
    ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    const GstMemory* first = nullptr;
    for (const bool throughTheBuffer : {true, false, true}) {
        Owned<GstBuffer> buffer = acquire(pool);
        ASSERT_NE(buffer, nullptr);
        GstMemory* lent = gst_buffer_peek_memory(buffer.get(), 0);
        if (first == nullptr)
            first = lent;
        EXPECT_EQ(lent, first) << "the same memory, of which this is about";
        {
            const Mapped mapped(lent, GST_MAP_WRITE);
            std::memset(mapped.data(), old, 5 * line + 10);
        }
        ASSERT_TRUE(device->fill(gst_fd_memory_get_fd(lent), 0, 10 * line, fresh));
        if (!throughTheBuffer)
            gst_buffer_remove_all_memory(buffer.get()); // it comes back by itself
    }
    EXPECT_EQ(stat(heap.get(), "violations"), 0u);
}

TEST_F(SimulatedTest, WhatWasNotLentAnewKeepsWhatTheDeviceWrote) {
    deviceWrites();
    {
        const Mapped mapped(memory.get(), GST_MAP_WRITE);
        std::memset(mapped.data(), old, line / 2);
    }
    EXPECT_GE(stat(heap.get(), "violations"), 1u) << "half a line of the device's is gone";
}

} // namespace

} // namespace mediaheap::test
