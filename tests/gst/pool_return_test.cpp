// SPDX-License-Identifier: LGPL-2.1-or-later
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>

#include "pool_test.h"

namespace mediaheap::test {

namespace {

using namespace std::chrono_literals;

/// What comes back is not always what went out.
class ReturnTest : public PoolTest {
protected:
    /// Marks @p buffer, so that freed() tells whether it has been freed.
    void track(const Owned<GstBuffer>& buffer) {
        gst_mini_object_set_qdata(GST_MINI_OBJECT(buffer.get()),
                                  g_quark_from_static_string("tracker"), &freed_,
                                  [](gpointer count) { ++*static_cast<int*>(count); });
    }
    int freed() const { return freed_; }
    static GstMemory* memoryOf(const Owned<GstBuffer>& buffer) {
        return gst_buffer_peek_memory(buffer.get(), 0);
    }
    bool isExhausted() {
        GstFlowReturn result = GST_FLOW_OK;
        acquireNow(pool, &result);
        return result == GST_FLOW_EOS;
    }

private:
    int freed_ = 0;
};

TEST_F(ReturnTest, AResizedBufferIsRecycled) {
    start({"test/data", 10, 0, 0});
    Owned<GstBuffer> buffer = acquire(pool);
    track(buffer);
    gst_buffer_resize(buffer.get(), 8, 2);
    buffer.reset();
    EXPECT_EQ(freed(), 0);
    EXPECT_EQ(gst_buffer_get_size(acquire(pool).get()), 10u);
}

TEST_F(ReturnTest, ABufferWithoutItsMemoryIsNot) {
    start({"test/data", 10, 0, 1});
    Owned<GstBuffer> buffer = acquire(pool);
    track(buffer);
    GstMemory* const memory = memoryOf(buffer);
    gst_buffer_remove_all_memory(buffer.get());
    buffer.reset();
    EXPECT_EQ(freed(), 1);
    buffer = acquireNow(pool);
    ASSERT_NE(buffer, nullptr);
    EXPECT_EQ(memoryOf(buffer), memory) << "though the memory is";
    EXPECT_EQ(blocks(), 1u);
}

TEST_F(ReturnTest, ABufferWithOtherMemoryIsNot) {
    start({"test/data", 10, 0, 1});
    Owned<GstBuffer> buffer = acquire(pool);
    track(buffer);
    gst_buffer_replace_all_memory(buffer.get(), gst_allocator_alloc(nullptr, 10, nullptr));
    buffer.reset();
    EXPECT_EQ(freed(), 1);
    buffer = acquireNow(pool);
    EXPECT_TRUE(gst_is_media_heap_memory(memoryOf(buffer)));

    gst_buffer_append_memory(buffer.get(), gst_allocator_alloc(nullptr, 10, nullptr));
    track(buffer);
    buffer.reset();
    EXPECT_EQ(freed(), 2);
    EXPECT_EQ(gst_buffer_n_memory(acquireNow(pool).get()), 1u);
}

TEST_F(ReturnTest, AReferenceToTheMemoryIsNoObstacle) {
    start({"test/data", 10, 0, 1});
    Owned<GstBuffer> buffer = acquire(pool);
    track(buffer);
    const Owned<GstMemory> memory(gst_buffer_get_memory(buffer.get(), 0));
    buffer.reset();
    EXPECT_EQ(freed(), 0);
    EXPECT_EQ(memoryOf(acquireNow(pool)), memory.get());
}

TEST_F(ReturnTest, AnExclusiveLockOnTheMemoryIs) {
    start({"test/data", 10, 0, 1});
    Owned<GstBuffer> buffer = acquire(pool);
    track(buffer);
    Owned<GstMemory> memory(gst_buffer_get_memory(buffer.get(), 0));
    ASSERT_TRUE(gst_memory_lock(memory.get(), GST_LOCK_FLAG_EXCLUSIVE));
    buffer.reset();
    EXPECT_EQ(freed(), 1);
    EXPECT_TRUE(isExhausted()) << "one frame is all that may live, and it does";
    gst_memory_unlock(memory.get(), GST_LOCK_FLAG_EXCLUSIVE);
    GstMemory* const before = memory.get();
    memory.reset();
    EXPECT_EQ(memoryOf(acquireNow(pool)), before);
}

TEST_F(ReturnTest, AMappingThatIsStillOpenIs) {
    start({"test/data", 10, 0, 1});
    Owned<GstBuffer> buffer = acquire(pool);
    Owned<GstMemory> memory(gst_buffer_get_memory(buffer.get(), 0));
    {
        const Mapped writing(memory.get(), GST_MAP_WRITE);
        buffer.reset();
        EXPECT_TRUE(isExhausted()) << "nobody else may have what somebody still writes to";
    }
    memory.reset();
    EXPECT_NE(acquireNow(pool), nullptr);
}

TEST_F(ReturnTest, AFrameThatIsSharedWhileItIsIdleIsNotHandedOut) {
    start({"test/data", 10, 0, 1});
    Owned<GstBuffer> buffer = acquire(pool);
    Owned<GstMemory> memory(gst_buffer_get_memory(buffer.get(), 0));
    buffer.reset();
    Owned<GstMemory> part(gst_memory_share(memory.get(), 0, 5));
    EXPECT_TRUE(isExhausted());
    part.reset();
    EXPECT_TRUE(isExhausted()) << "of the discarded buffer's memory there is still a reference";
    GstMemory* const before = memory.get();
    memory.reset();
    EXPECT_EQ(memoryOf(acquireNow(pool)), before);
}

// The stock pool forgets such a frame and makes another: with a maximum of two, three are alive.
TEST_F(ReturnTest, ASharedFrameCountsUntilItIsGivenBack) {
    start({"test/data", 10, 0, 2});
    Owned<GstBuffer> one = acquire(pool);
    const Owned<GstBuffer> two = acquire(pool);
    GstMemory* const memory = memoryOf(one);
    Owned<GstBuffer> region(gst_buffer_copy_region(one.get(), GST_BUFFER_COPY_MEMORY, 2, 5));
    one.reset();
    EXPECT_TRUE(isExhausted());
    EXPECT_EQ(blocks(), 2u);
    region.reset();
    one = acquireNow(pool);
    ASSERT_NE(one, nullptr);
    EXPECT_EQ(memoryOf(one), memory);
    EXPECT_EQ(blocks(), 2u);
}

TEST_F(ReturnTest, MemoryComesBackAsNew) {
    PoolSetup setup{"test/data", 1000, 0, 1};
    setup.params.prefix = 16;
    start(setup);
    Owned<GstBuffer> buffer = acquire(pool);
    Owned<GstMemory> memory(gst_buffer_get_memory(buffer.get(), 0));
    const gsize maxsize = memory->maxsize;
    gst_buffer_remove_all_memory(buffer.get());
    buffer.reset();
    ASSERT_TRUE(gst_memory_is_writable(memory.get()));
    gst_memory_resize(memory.get(), 100, 5);
    GST_MINI_OBJECT_FLAG_SET(memory.get(), GST_MEMORY_FLAG_NO_SHARE);
    GST_MINI_OBJECT_FLAG_SET(memory.get(), GST_MEMORY_FLAG_READONLY);
    ASSERT_TRUE(gst_memory_lock(memory.get(), GST_LOCK_FLAG_EXCLUSIVE));
    memory.reset();

    buffer = acquireNow(pool);
    ASSERT_NE(buffer, nullptr);
    GstMemory* again = memoryOf(buffer);
    EXPECT_EQ(again->offset, 16u);
    EXPECT_EQ(again->size, 1000u);
    EXPECT_EQ(again->maxsize, maxsize);
    EXPECT_FALSE(GST_MEMORY_FLAG_IS_SET(again, GST_MEMORY_FLAG_NO_SHARE));
    EXPECT_TRUE(gst_buffer_is_all_memory_writable(buffer.get())) << "the lock is gone";
    EXPECT_TRUE(Mapped(again, GST_MAP_WRITE));
}

TEST_F(ReturnTest, WhatAnImporterHangsOnTheMemorySurvives) {
    int gone = 0;
    const GQuark quark = g_quark_from_static_string("an importer's framebuffer");
    start({"test/data", 1000, 0, 1});
    Owned<GstBuffer> buffer = acquire(pool);
    gst_mini_object_set_qdata(GST_MINI_OBJECT(memoryOf(buffer)), quark, &gone,
                              [](gpointer count) { ++*static_cast<int*>(count); });
    for (int round = 0; round < 3; round++) {
        gst_buffer_remove_all_memory(buffer.get()); // back through the memory alone
        buffer = Owned<GstBuffer>();
        buffer = acquireNow(pool);
        ASSERT_NE(buffer, nullptr);
        EXPECT_EQ(gst_mini_object_get_qdata(GST_MINI_OBJECT(memoryOf(buffer)), quark), &gone);
    }
    buffer.reset();
    stop();
    EXPECT_EQ(gone, 1);
}

TEST_F(ReturnTest, MemoryOfAnEarlierConfigurationIsFreedAndNotUsedAgain) {
    start({"test/data", 1000, 0, 1});
    Owned<GstBuffer> buffer = acquire(pool);
    Owned<GstMemory> stray(gst_memory_share(memoryOf(buffer), 0, 10));
    buffer.reset();
    stop();
    start({"test/data", 50000, 1, 1});
    EXPECT_EQ(blocks(), 2u);
    stray.reset();
    EXPECT_EQ(blocks(), 1u);
    EXPECT_EQ(gst_buffer_get_size(acquireNow(pool).get()), 50000u);
}

TEST_F(ReturnTest, ABufferThatAMetaRefersToIsOutUntilThatIsGone) {
    start({"test/data", 10, 0, 1});
    Owned<GstBuffer> buffer = acquire(pool);
    GstBuffer* const before = buffer.get();
    Owned<GstBuffer> child(gst_buffer_new());
    gst_buffer_add_parent_buffer_meta(child.get(), buffer.get());
    buffer.reset();
    EXPECT_TRUE(isExhausted());
    child.reset();
    EXPECT_EQ(acquireNow(pool).get(), before);
}

TEST_F(ReturnTest, WhatItsMetaRefersToIsLetGo) {
    start({"test/data", 10, 0, 1});
    Owned<GstBuffer> parent(gst_buffer_new());
    track(parent);
    Owned<GstBuffer> buffer = acquire(pool);
    gst_buffer_add_parent_buffer_meta(buffer.get(), parent.get());
    parent.reset();
    EXPECT_EQ(freed(), 0);
    buffer.reset();
    EXPECT_EQ(freed(), 1);
    EXPECT_EQ(gst_buffer_get_parent_buffer_meta(acquireNow(pool).get()), nullptr);
}

/// Ways in which a taker that waits gets what somebody else gives back.
struct GivingBack {
    const char* name;
    std::function<void(GstBuffer*)> act;
};

void PrintTo(const GivingBack& way, std::ostream* out) { *out << way.name; }

class WakeTest : public PoolTest, public testing::WithParamInterface<GivingBack> {};

TEST_P(WakeTest, WakesWhoeverWaits) {
    start({"test/data", 10, 1, 1});
    GstBuffer* buffer = acquire(pool).release();
    auto taking = std::async(std::launch::async, [this] { return acquire(pool) != nullptr; });
    EXPECT_EQ(taking.wait_for(50ms), std::future_status::timeout);
    GetParam().act(buffer);
    ASSERT_EQ(taking.wait_for(20s), std::future_status::ready) << "nobody woke the taker";
    EXPECT_TRUE(taking.get());
    EXPECT_EQ(blocks(), 1u);
}

void unrefMemoryLate(GstBuffer* buffer) {
    GstMemory* part = gst_memory_share(gst_buffer_peek_memory(buffer, 0), 0, 1);
    gst_buffer_unref(buffer);
    std::this_thread::sleep_for(20ms);
    gst_memory_unref(part);
}

INSTANTIATE_TEST_SUITE_P(
    By, WakeTest,
    testing::Values(GivingBack{"Buffer", [](GstBuffer* buffer) { gst_buffer_unref(buffer); }},
                    GivingBack{"BufferWithoutMemory",
                               [](GstBuffer* buffer) {
                                   gst_buffer_remove_all_memory(buffer);
                                   gst_buffer_unref(buffer);
                               }},
                    GivingBack{"BufferWithOtherMemory",
                               [](GstBuffer* buffer) {
                                   gst_buffer_replace_all_memory(
                                       buffer, gst_allocator_alloc(nullptr, 3, nullptr));
                                   gst_buffer_unref(buffer);
                               }},
                    GivingBack{"PartOfTheMemory", unrefMemoryLate}),
    [](const auto& way) { return std::string(way.param.name); });

} // namespace

} // namespace mediaheap::test
