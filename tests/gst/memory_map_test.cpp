// SPDX-License-Identifier: LGPL-2.1-or-later
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "gst_test.h"

namespace mediaheap::test {

namespace {

using MapTest = MemoryTest;

TEST_F(MapTest, WhatWasWrittenIsRead) {
    const Owned<GstMemory> memory = allocate(1000);
    number(memory.get());
    EXPECT_TRUE(isNumbered(memory.get(), 0));
}

TEST_F(MapTest, SaysHowMuchThereIs) {
    const Owned<GstMemory> memory = allocate(100);
    gsize offset = 1;
    gsize maxsize = 0;
    EXPECT_EQ(gst_memory_get_sizes(memory.get(), &offset, &maxsize), 100u);
    EXPECT_EQ(offset, 0u);
    EXPECT_GE(maxsize, 100u);
    const Mapped mapped(memory.get(), GST_MAP_READ);
    ASSERT_TRUE(mapped);
    EXPECT_EQ(mapped.size(), 100u);
    EXPECT_EQ(mapped.maxsize(), maxsize);
}

TEST_F(MapTest, EveryMapOfABlockIsAtTheSameAddress) {
    const Owned<GstMemory> memory = allocate(100);
    guint8* address = nullptr;
    for (const int flags : {GST_MAP_WRITE, GST_MAP_READ, GST_MAP_READWRITE, GST_MAP_WRITE}) {
        const Mapped mapped(memory.get(), flags);
        ASSERT_TRUE(mapped) << flags;
        if (address == nullptr)
            address = mapped.data();
        EXPECT_EQ(mapped.data(), address) << flags;
    }
}

// GstMemory's own rule: what is mapped may be mapped again for less, not for more.
TEST_F(MapTest, NestedMapsMayAskForNoMore) {
    const Owned<GstMemory> memory = allocate(100);
    {
        const Mapped outer(memory.get(), GST_MAP_READ);
        EXPECT_FALSE(Mapped(memory.get(), GST_MAP_WRITE));
        EXPECT_FALSE(Mapped(memory.get(), GST_MAP_READWRITE));
        const Mapped inner(memory.get(), GST_MAP_READ);
        ASSERT_TRUE(inner);
        EXPECT_EQ(inner.data(), outer.data());
    }
    {
        const Mapped outer(memory.get(), GST_MAP_WRITE);
        EXPECT_FALSE(Mapped(memory.get(), GST_MAP_READ));
        EXPECT_FALSE(Mapped(memory.get(), GST_MAP_READWRITE));
        EXPECT_TRUE(Mapped(memory.get(), GST_MAP_WRITE));
    }
    {
        const Mapped outer(memory.get(), GST_MAP_READWRITE);
        EXPECT_TRUE(Mapped(memory.get(), GST_MAP_READ));
        EXPECT_TRUE(Mapped(memory.get(), GST_MAP_WRITE));
    }
    EXPECT_TRUE(Mapped(memory.get(), GST_MAP_WRITE)) << "everything is closed again";
}

TEST_F(MapTest, UnmappingWhatIsNotMappedIsAComplaintAndNoHarm) {
    const Owned<GstMemory> memory = allocate(100);
    GstMapInfo info;
    ASSERT_TRUE(gst_memory_map(memory.get(), &info, GST_MAP_READ));
    gst_memory_unmap(memory.get(), &info);
    EXPECT_EQ(criticalsDuring([&] { gst_memory_unmap(memory.get(), &info); }), 1);
    number(memory.get());
    EXPECT_TRUE(isNumbered(memory.get(), 0));
}

TEST_F(MapTest, FlagsOfOthersAreNoAccess) {
    const Owned<GstMemory> memory = allocate(100);
    for (const int others : {int{GST_MAP_FLAG_LAST}, GST_MAP_FLAG_LAST << 3}) {
        const Mapped mapped(memory.get(), GST_MAP_READWRITE | others);
        ASSERT_TRUE(mapped) << others;
        mapped.data()[99] = 1;
    }
}

TEST_F(MapTest, WithoutReadOrWriteThereIsTheAddressAndNoSync) {
    const Owned<GstMemory> memory = allocate(100);
    guint8* address = Mapped(memory.get(), GST_MAP_READ).data();
    const guint64 syncs = stat(heap.get(), "syncs");
    const GstLog log("mediaheap", GST_LEVEL_WARNING);
    for (const int flags : {0, int{GST_MAP_FLAG_LAST}}) {
        const Mapped mapped(memory.get(), flags);
        ASSERT_TRUE(mapped);
        EXPECT_EQ(mapped.data(), address);
    }
    EXPECT_EQ(log.text(), "") << "no access was opened, and none is closed";
    EXPECT_EQ(stat(heap.get(), "syncs"), syncs);
    EXPECT_TRUE(Mapped(memory.get(), GST_MAP_WRITE));
}

TEST_F(MapTest, ReadOnlyMemoryIsNotMappedForWriting) {
    GstAllocationParams params{};
    params.flags = GST_MEMORY_FLAG_READONLY;
    const Owned<GstMemory> memory = allocate(100, &params);
    ASSERT_TRUE(GST_MEMORY_IS_READONLY(memory.get()));
    EXPECT_FALSE(Mapped(memory.get(), GST_MAP_WRITE));
    EXPECT_TRUE(Mapped(memory.get(), GST_MAP_READ));
    EXPECT_FALSE(Mapped(memory.get(), GST_MAP_READWRITE));
}

TEST_F(MapTest, LocksExcludeWhatTheyShall) {
    const Owned<GstMemory> owned = allocate(10);
    GstMemory* memory = owned.get();
    const auto lock = [memory](int flags) {
        return gst_memory_lock(memory, static_cast<GstLockFlags>(flags));
    };
    const auto unlock = [memory](int flags) {
        gst_memory_unlock(memory, static_cast<GstLockFlags>(flags));
    };
    ASSERT_TRUE(lock(GST_LOCK_FLAG_WRITE | GST_LOCK_FLAG_EXCLUSIVE));
    EXPECT_FALSE(lock(GST_LOCK_FLAG_EXCLUSIVE)) << "two owners, one of whom writes";
    EXPECT_TRUE(lock(GST_LOCK_FLAG_WRITE));
    unlock(GST_LOCK_FLAG_WRITE | GST_LOCK_FLAG_EXCLUSIVE);
    unlock(GST_LOCK_FLAG_WRITE);

    ASSERT_TRUE(lock(GST_LOCK_FLAG_READ | GST_LOCK_FLAG_EXCLUSIVE));
    EXPECT_TRUE(lock(GST_LOCK_FLAG_READ | GST_LOCK_FLAG_EXCLUSIVE)) << "two readers";
    EXPECT_FALSE(Mapped(memory, GST_MAP_WRITE));
    unlock(GST_LOCK_FLAG_READ | GST_LOCK_FLAG_EXCLUSIVE);
    unlock(GST_LOCK_FLAG_READ | GST_LOCK_FLAG_EXCLUSIVE);
    EXPECT_TRUE(Mapped(memory, GST_MAP_WRITE));
}

TEST_F(MapTest, ResizingMovesTheDataAndNothingElse) {
    const Owned<GstMemory> memory = allocate(100);
    number(memory.get());
    gsize before = 0;
    gst_memory_get_sizes(memory.get(), nullptr, &before);
    guint8* base = Mapped(memory.get(), GST_MAP_READ).data();

    gst_memory_resize(memory.get(), 10, 50);
    gsize offset = 0;
    gsize maxsize = 0;
    EXPECT_EQ(gst_memory_get_sizes(memory.get(), &offset, &maxsize), 50u);
    EXPECT_EQ(offset, 10u);
    EXPECT_EQ(maxsize, before);
    EXPECT_TRUE(isNumbered(memory.get(), 10));
    {
        const Mapped mapped(memory.get(), GST_MAP_READ);
        EXPECT_EQ(mapped.data(), base + 10);
        EXPECT_EQ(mapped.maxsize(), before - 10);
    }
    gst_memory_resize(memory.get(), -10, 100);
    EXPECT_TRUE(isNumbered(memory.get(), 0));
    gst_memory_resize(memory.get(), 0, 0);
    EXPECT_EQ(Mapped(memory.get(), GST_MAP_READ).size(), 0u);
    gst_memory_resize(memory.get(), 0, before);
    EXPECT_EQ(Mapped(memory.get(), GST_MAP_READ).size(), before) << "all of the block";
}

TEST_F(MapTest, ResizingBeyondTheBlockIsRefused) {
    const Owned<GstMemory> owned = allocate(100);
    GstMemory* memory = owned.get();
    const gsize all = memory->maxsize;
    EXPECT_EQ(criticalsDuring([=] {
                  gst_memory_resize(memory, 0, all + 1);
                  gst_memory_resize(memory, 1, all);
                  gst_memory_resize(memory, static_cast<gssize>(all), 1);
                  gst_memory_resize(memory, -1, 100);
              }),
              4);
    EXPECT_EQ(memory->offset, 0u);
    EXPECT_EQ(memory->size, 100u);
}

TEST_F(MapTest, StaysValidWhileTheMemoryIsResized) {
    const Owned<GstMemory> memory = allocate(100);
    number(memory.get());
    GstMapInfo info;
    ASSERT_TRUE(gst_memory_map(memory.get(), &info, GST_MAP_READ));
    gst_memory_resize(memory.get(), 1, 99);
    EXPECT_EQ(info.data[99], 99);
    gst_memory_unmap(memory.get(), &info);
    EXPECT_TRUE(isNumbered(memory.get(), 1));

    ASSERT_TRUE(gst_memory_map(memory.get(), &info, GST_MAP_READ));
    gst_memory_resize(memory.get(), -1, 100);
    EXPECT_EQ(info.data[98], 99);
    gst_memory_unmap(memory.get(), &info);
    EXPECT_TRUE(isNumbered(memory.get(), 0));
}

TEST_F(MapTest, OneThreadMapsAndAnotherUnmaps) {
    const Owned<GstMemory> memory = allocate(100);
    number(memory.get());
    const guint64 syncs = stat(heap.get(), "syncs");
    GstMapInfo info{};
    std::thread([&] { ASSERT_TRUE(gst_memory_map(memory.get(), &info, GST_MAP_READ)); }).join();
    EXPECT_EQ(info.data[42], 42);
    std::thread([&] { gst_memory_unmap(memory.get(), &info); }).join();
    EXPECT_EQ(stat(heap.get(), "syncs") - syncs, needsSync(heap.get()) ? 2u : 0u);
    EXPECT_TRUE(Mapped(memory.get(), GST_MAP_WRITE));
}

TEST_F(MapTest, ManyThreadsMapTheSameMemoryWithMixedFlags) {
    const Owned<GstMemory> memory = allocate(4096);
    number(memory.get());
    const guint64 syncs = stat(heap.get(), "syncs");
    const guint64 saved = stat(heap.get(), "syncs-saved");
    // Maps that fail are GstMemory's, for the flags of the others; what succeeds must be balanced.
    std::atomic<guint64> accesses{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; thread++) {
        threads.emplace_back([&, thread] {
            const int flags[] = {GST_MAP_READ, GST_MAP_READ, GST_MAP_READWRITE, 0};
            for (int round = 0; round < 500; round++) {
                const int wanted = flags[(thread + round) % 4];
                const Mapped mapped(memory.get(), wanted);
                if (mapped && wanted != 0) {
                    accesses++;
                    ASSERT_EQ(mapped.data()[7], 7);
                }
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_GT(accesses, 0u);
    if (needsSync(heap.get())) {
        const guint64 issued = stat(heap.get(), "syncs") - syncs;
        // An access that joins others in a way that they do not cover starts once more.
        EXPECT_GE(issued + stat(heap.get(), "syncs-saved") - saved, 2 * accesses);
    }
    EXPECT_TRUE(Mapped(memory.get(), GST_MAP_WRITE)) << "nothing is left open";
}

} // namespace

} // namespace mediaheap::test
