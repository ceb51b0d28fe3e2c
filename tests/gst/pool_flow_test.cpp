// SPDX-License-Identifier: LGPL-2.1-or-later
#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "pool_test.h"

namespace mediaheap::test {

namespace {

using namespace std::chrono_literals;

// Long enough that a taker which does not wait would have come back.
constexpr auto moment = 50ms;
// What nobody reaches unless something is wrong.
constexpr auto patience = 20s;

class FlowTest : public PoolTest {
protected:
    /// Acquires a buffer in another thread, and says what came of it.
    std::future<GstFlowReturn> taker() {
        return std::async(std::launch::async, [this] {
            GstFlowReturn result = GST_FLOW_OK;
            acquire(pool, &result);
            return result;
        });
    }
    static bool waits(std::future<GstFlowReturn>& taking) {
        return taking.wait_for(moment) == std::future_status::timeout;
    }
    static GstFlowReturn resultOf(std::future<GstFlowReturn>& taking) {
        if (taking.wait_for(patience) == std::future_status::ready)
            return taking.get();
        ADD_FAILURE() << "still waiting";
        std::abort(); // the future's destructor would wait for ever
    }
    GstMemory* memoryOf(const Owned<GstBuffer>& buffer) {
        return gst_buffer_peek_memory(buffer.get(), 0);
    }
};

TEST_F(FlowTest, AnInactivePoolGivesNothing) {
    GstFlowReturn result = GST_FLOW_OK;
    acquire(pool, &result);
    EXPECT_EQ(result, GST_FLOW_FLUSHING);
    ASSERT_TRUE(configure(pool, {"test/data", 10, 1, 0}));
    acquire(pool, &result);
    EXPECT_EQ(result, GST_FLOW_FLUSHING);
    ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    stop();
    acquire(pool, &result);
    EXPECT_EQ(result, GST_FLOW_FLUSHING);
}

TEST_F(FlowTest, TheMinimumIsThereFromTheStart) {
    start({"test/data", 10000, 3, 0});
    EXPECT_EQ(blocks(), 3u);
    std::vector<Owned<GstBuffer>> buffers;
    for (int i = 0; i < 3; i++)
        buffers.push_back(acquireNow(pool));
    EXPECT_EQ(blocks(), 3u);
    buffers.push_back(acquireNow(pool));
    EXPECT_EQ(blocks(), 4u) << "no maximum: one more is made";
    buffers.clear();
    stop();
    EXPECT_EQ(blocks(), 0u);
}

TEST_F(FlowTest, BuffersAndTheirMemoryAreRecycled) {
    start({"test/data", 10000});
    Owned<GstBuffer> buffer = acquire(pool);
    GstBuffer* const first = buffer.get();
    GstMemory* const memory = memoryOf(buffer);
    buffer.reset();
    buffer = acquire(pool);
    EXPECT_EQ(buffer.get(), first);
    EXPECT_EQ(memoryOf(buffer), memory);

    const Owned<GstBuffer> second = acquire(pool);
    EXPECT_NE(memoryOf(second), memory);
}

TEST_F(FlowTest, TheBufferThatWaitedLongestComesFirst) {
    start({"test/data", 10000});
    Owned<GstBuffer> one = acquire(pool);
    Owned<GstBuffer> two = acquire(pool);
    GstBuffer* const first = two.get();
    two.reset();
    one.reset();
    EXPECT_EQ(acquire(pool).get(), first);
}

TEST_F(FlowTest, AReturnedBufferIsAsNew) {
    start({"video/x-raw,format=NV12,width=320,height=240",
           0,
           1,
           1,
           {GST_BUFFER_POOL_OPTION_VIDEO_META},
           {}});
    Owned<GstBuffer> buffer = acquire(pool);
    const gsize size = gst_buffer_get_size(buffer.get());
    GST_BUFFER_PTS(buffer.get()) = 1;
    GST_BUFFER_DTS(buffer.get()) = 2;
    GST_BUFFER_DURATION(buffer.get()) = 3;
    GST_BUFFER_OFFSET(buffer.get()) = 4;
    GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
    const Owned<GstCaps> reference(gst_caps_new_empty_simple("timestamp/x-test"));
    gst_buffer_add_reference_timestamp_meta(buffer.get(), reference.get(), 5, 6);
    gst_buffer_resize(buffer.get(), 8, 2);
    GstBuffer* const before = buffer.get();
    buffer.reset();

    buffer = acquire(pool);
    EXPECT_EQ(buffer.get(), before);
    EXPECT_EQ(GST_BUFFER_PTS(buffer.get()), GST_CLOCK_TIME_NONE);
    EXPECT_EQ(GST_BUFFER_DTS(buffer.get()), GST_CLOCK_TIME_NONE);
    EXPECT_EQ(GST_BUFFER_DURATION(buffer.get()), GST_CLOCK_TIME_NONE);
    EXPECT_EQ(GST_BUFFER_OFFSET(buffer.get()), GST_BUFFER_OFFSET_NONE);
    EXPECT_FALSE(GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT));
    EXPECT_EQ(gst_buffer_get_reference_timestamp_meta(buffer.get(), nullptr), nullptr);
    EXPECT_EQ(gst_buffer_get_size(buffer.get()), size);
    GstVideoMeta* meta = gst_buffer_get_video_meta(buffer.get());
    ASSERT_NE(meta, nullptr) << "the pool's own meta stays";
    EXPECT_TRUE(GST_META_FLAG_IS_SET(&meta->meta, GST_META_FLAG_POOLED));
    EXPECT_TRUE(GST_META_FLAG_IS_SET(&meta->meta, GST_META_FLAG_LOCKED));
}

TEST_F(FlowTest, AtTheMaximumWhoeverDoesNotWaitGetsEos) {
    start({"test/data", 10000, 0, 2});
    Owned<GstBuffer> one = acquireNow(pool);
    Owned<GstBuffer> two = acquireNow(pool);
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_EOS);
    one.reset();
    EXPECT_NE(acquireNow(pool, &result), nullptr);
}

TEST_F(FlowTest, AtTheMaximumOthersWaitForABuffer) {
    start({"test/data", 10000, 0, 1});
    Owned<GstBuffer> buffer = acquire(pool);
    auto taking = taker();
    EXPECT_TRUE(waits(taking));
    buffer.reset();
    EXPECT_EQ(resultOf(taking), GST_FLOW_OK);
}

TEST_F(FlowTest, FlushingWakesWhoeverWaits) {
    start({"test/data", 10000, 0, 1});
    const Owned<GstBuffer> buffer = acquire(pool);
    auto one = taker();
    auto two = taker();
    EXPECT_TRUE(waits(one));
    gst_buffer_pool_set_flushing(pool.get(), TRUE);
    EXPECT_EQ(resultOf(one), GST_FLOW_FLUSHING);
    EXPECT_EQ(resultOf(two), GST_FLOW_FLUSHING);
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_FLUSHING);
}

TEST_F(FlowTest, FlushingFreesNothing) {
    start({"test/data", 10000, 2, 2});
    Owned<GstBuffer> buffer = acquire(pool);
    GstMemory* const memory = memoryOf(buffer);
    gst_buffer_pool_set_flushing(pool.get(), TRUE);
    buffer.reset();
    EXPECT_EQ(blocks(), 2u);
    gst_buffer_pool_set_flushing(pool.get(), FALSE);
    const Owned<GstBuffer> other = acquire(pool);
    EXPECT_NE(memoryOf(other), memory);
    EXPECT_EQ(memoryOf(acquire(pool)), memory);
    EXPECT_EQ(blocks(), 2u);
}

TEST_F(FlowTest, DeactivationWakesWhoeverWaits) {
    start({"test/data", 10000, 0, 1});
    const Owned<GstBuffer> buffer = acquire(pool);
    auto taking = taker();
    EXPECT_TRUE(waits(taking));
    stop();
    EXPECT_EQ(resultOf(taking), GST_FLOW_FLUSHING);
}

TEST_F(FlowTest, AfterDeactivationBuffersAreFreedAsTheyReturn) {
    start({"test/data", 10000, 4, 0});
    Owned<GstBuffer> one = acquire(pool);
    Owned<GstBuffer> two = acquire(pool);
    stop();
    one.reset();
    EXPECT_EQ(blocks(), 1u) << "neither the idle ones nor the returned one stay";
    two.reset();
    EXPECT_EQ(blocks(), 0u);
}

TEST_F(FlowTest, AfterDeactivationMemoryIsFreedAsItReturns) {
    start({"test/data", 10000, 1, 1});
    Owned<GstBuffer> buffer = acquire(pool);
    Owned<GstMemory> part(gst_memory_share(memoryOf(buffer), 0, 10));
    buffer.reset();
    stop();
    EXPECT_EQ(blocks(), 1u);
    part.reset();
    EXPECT_EQ(blocks(), 0u);
}

TEST_F(FlowTest, IsActiveAgainWithBuffersStillOut) {
    start({"test/data", 10000, 2, 2});
    Owned<GstBuffer> one = acquire(pool);
    Owned<GstBuffer> two = acquire(pool);
    stop();
    one.reset();
    ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    one = acquireNow(pool);
    ASSERT_NE(one, nullptr);
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_EOS) << "the one that was out all the time counts";
    GstMemory* const memory = memoryOf(two);
    two.reset();
    EXPECT_EQ(memoryOf(acquireNow(pool)), memory);
}

TEST_F(FlowTest, OutlivesItsOwnersReference) {
    start({"test/data", 10000, 2, 0});
    Owned<GstBuffer> buffer = acquire(pool);
    stop();
    pool.reset();
    gst_buffer_memset(buffer.get(), 0, 1, 10000);
    buffer.reset();
    EXPECT_EQ(blocks(), 0u);
}

TEST_F(FlowTest, MemoryOutlivesThePool) {
    start({"test/data", 10000, 1, 0});
    Owned<GstBuffer> buffer = acquire(pool);
    Owned<GstMemory> memory(gst_buffer_get_memory(buffer.get(), 0));
    buffer.reset();
    stop();
    pool.reset();
    number(memory.get());
    EXPECT_TRUE(isNumbered(memory.get(), 0));
    memory.reset();
    EXPECT_EQ(blocks(), 0u);
}

TEST_F(FlowTest, BlocksBearTheNameOfThePoolAndANumber) {
    gst_object_set_name(GST_OBJECT(pool.get()), "preview");
    start({"test/data", 10000, 2, 0});
    const Owned<gchar> report(gst_media_heap_report(heap.get(), GST_MEDIA_HEAP_REPORT_TEXT));
    EXPECT_NE(std::string(report.get()).find("\"preview-0\""), std::string::npos) << report.get();
    EXPECT_NE(std::string(report.get()).find("\"preview-1\""), std::string::npos) << report.get();
}

TEST_F(FlowTest, CountsWhatIsCopiedOutOfItsMemory) {
    start({"test/data", 10000, 2, 0});
    const auto copied = [this] {
        guint64 bytes = 0;
        g_object_get(pool.get(), "bytes-copied", &bytes, nullptr);
        return bytes;
    };
    Owned<GstBuffer> buffer = acquire(pool);
    EXPECT_EQ(copied(), 0u);
    const Owned<GstBuffer> whole(gst_buffer_copy_deep(buffer.get()));
    EXPECT_EQ(copied(), 10000u);
    const Owned<GstMemory> part(gst_memory_share(memoryOf(buffer), 100, 200));
    const Owned<GstMemory> ofPart(gst_memory_copy(part.get(), 0, 50));
    EXPECT_EQ(copied(), 10050u);
    const Owned<GstMemory> ofCopy(gst_memory_copy(gst_buffer_peek_memory(whole.get(), 0), 0, -1));
    EXPECT_EQ(copied(), 10050u) << "a copy is no memory of the pool";
}

TEST_F(FlowTest, AllocatesDirectlyUpToTheMaximum) {
    start({"test/data", 10000, 0, 1});
    GstBufferPoolClass* type = GST_BUFFER_POOL_GET_CLASS(pool.get());
    GstBuffer* buffer = nullptr;
    ASSERT_EQ(type->alloc_buffer(pool.get(), &buffer, nullptr), GST_FLOW_OK);
    const Owned<GstBuffer> owned(buffer);
    EXPECT_EQ(type->alloc_buffer(pool.get(), &buffer, nullptr), GST_FLOW_EOS);
}

} // namespace

} // namespace mediaheap::test
