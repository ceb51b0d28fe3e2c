// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Buffers that devices still work on: who gets them, and when.
#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <future>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include <mediaheap/unique_fd.h>

#include "fake_kernel.h"
#include "gst/mediaheap/gstmediaheapbufferpool-private.h"
#include "kernel_override.h"
#include "pool_test.h"

namespace mediaheap::test {

namespace {

using namespace std::chrono_literals;

/// A pool of a heap whose devices the test plays: memory that no kernel keeps fences for, and
/// emulated DMA-BUFs.
class PoolFenceTest : public GstTest, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        GstTest::SetUp();
        override_.emplace(kernel);
        kernel.addUdmabuf();
    }
    void TearDown() override {
        pool.reset();
        heap.reset();
        EXPECT_EQ(kernel.liveBuffers(), 0u);
        override_.reset();
        GstTest::TearDown();
    }

    void start(guint max, const std::string& keys = "") {
        heap.reset(gst_media_heap_open(
            (GetParam() + std::string(",size=1M,zone=fences") + keys).c_str(), nullptr));
        ASSERT_NE(heap, nullptr);
        pool.reset(gst_media_heap_buffer_pool_new(heap.get()));
        ASSERT_TRUE(configure(pool, {"test/data", 10000, 0, max}));
        ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    }

    using Work = std::shared_ptr<FakeFence>;

    /// A device begins to read @p buffer, whose user lets go of it at once.
    Work readAndReturn(Owned<GstBuffer> buffer) {
        Work work;
        EXPECT_TRUE(gst_media_heap_memory_import_fence(gst_buffer_peek_memory(buffer.get(), 0),
                                                       kernel.newSyncFile(work).release(),
                                                       GST_MAP_READ, nullptr));
        return work;
    }

    std::future<GstFlowReturn> acquireElsewhere(GstMemory** memory = nullptr) {
        return std::async(std::launch::async, [this, memory] {
            GstFlowReturn result = GST_FLOW_OK;
            const Owned<GstBuffer> buffer = acquire(pool, &result);
            if (buffer && memory != nullptr)
                *memory = gst_buffer_peek_memory(buffer.get(), 0);
            return result;
        });
    }

    std::string failure() {
        const Owned<gchar> text(
            gst_media_heap_buffer_pool_get_failure(GST_MEDIA_HEAP_BUFFER_POOL(pool.get())));
        return text != nullptr ? text.get() : "";
    }

    static GstMemory* memoryOf(const Owned<GstBuffer>& buffer) {
        return gst_buffer_peek_memory(buffer.get(), 0);
    }

    FakeKernel kernel;
    Owned<GstMediaHeap> heap;
    Owned<GstBufferPool> pool;

private:
    std::optional<KernelOverride> override_;
};

INSTANTIATE_TEST_SUITE_P(Sources, PoolFenceTest, testing::Values("memfd", "udmabuf"),
                         [](const auto& row) { return std::string(row.param); });

TEST_P(PoolFenceTest, HandsAnotherBufferOutWhileADeviceReadsTheOldest) {
    start(0);
    Owned<GstBuffer> first = acquire(pool);
    Owned<GstBuffer> second = acquire(pool);
    GstMemory* read = memoryOf(first);
    GstMemory* free = memoryOf(second);
    const Work work = readAndReturn(std::move(first));
    second.reset();

    Owned<GstBuffer> next = acquireNow(pool);
    EXPECT_EQ(memoryOf(next), free);
    kernel.finishWork(work);
    EXPECT_EQ(memoryOf(acquireNow(pool)), read);
}

TEST_P(PoolFenceTest, MakesAnotherBufferWhereItMay) {
    start(2);
    Owned<GstBuffer> first = acquire(pool);
    GstMemory* read = memoryOf(first);
    const Work work = readAndReturn(std::move(first));
    const Owned<GstBuffer> next = acquireNow(pool);
    ASSERT_NE(next, nullptr);
    EXPECT_NE(memoryOf(next), read);
    kernel.finishWork(work);
}

TEST_P(PoolFenceTest, WaitsForTheDeviceWhereThereIsNothingElse) {
    start(1);
    Owned<GstBuffer> only = acquire(pool);
    GstMemory* memory = memoryOf(only);
    const Work work = readAndReturn(std::move(only));
    GstMemory* got = nullptr;
    auto waiting = acquireElsewhere(&got);
    EXPECT_EQ(waiting.wait_for(20ms), std::future_status::timeout);
    kernel.finishWork(work);
    EXPECT_EQ(waiting.get(), GST_FLOW_OK);
    EXPECT_EQ(got, memory);
}

TEST_P(PoolFenceTest, WaitsForTheDeviceWhereTheHeapIsFull) {
    start(0);
    std::vector<Owned<GstBuffer>> buffers;
    while (Owned<GstBuffer> buffer = acquireNow(pool))
        buffers.push_back(std::move(buffer));
    const Work work = readAndReturn(std::move(buffers.back()));
    buffers.pop_back();
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_EOS);
    auto waiting = acquireElsewhere();
    EXPECT_EQ(waiting.wait_for(20ms), std::future_status::timeout);
    kernel.finishWork(work);
    EXPECT_EQ(waiting.get(), GST_FLOW_OK);
}

TEST_P(PoolFenceTest, TellsWhoDoesNotWait) {
    start(1);
    const Work work = readAndReturn(acquire(pool));
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_EOS);
    kernel.finishWork(work);
    EXPECT_NE(acquireNow(pool), nullptr);
}

TEST_P(PoolFenceTest, TakesWhatSomebodyElseReturnsWhileItWaitsForADevice) {
    start(2);
    Owned<GstBuffer> first = acquire(pool);
    Owned<GstBuffer> second = acquire(pool);
    GstMemory* returned = memoryOf(second);
    const Work work = readAndReturn(std::move(first));
    GstMemory* got = nullptr;
    auto waiting = acquireElsewhere(&got);
    EXPECT_EQ(waiting.wait_for(20ms), std::future_status::timeout);
    second.reset();
    EXPECT_EQ(waiting.get(), GST_FLOW_OK);
    EXPECT_EQ(got, returned);
    kernel.finishWork(work);
}

TEST_P(PoolFenceTest, TellsOfALongWaitThoughADeviceIsAtWorkToo) {
    std::promise<void> told;
    start(2);
    g_signal_connect(pool.get(), "waiting",
                     G_CALLBACK(+[](GstBufferPool* emitter, const char*, void* promise) {
                         g_signal_handlers_disconnect_by_data(emitter, promise);
                         static_cast<std::promise<void>*>(promise)->set_value();
                     }),
                     &told);
    Owned<GstBuffer> kept = acquire(pool);
    const Work work = readAndReturn(acquire(pool));
    auto waiting = acquireElsewhere();
    EXPECT_EQ(told.get_future().wait_for(20s), std::future_status::ready);
    kept.reset();
    EXPECT_EQ(waiting.get(), GST_FLOW_OK);
    kernel.finishWork(work);
}

TEST_P(PoolFenceTest, StopsWaitingWhenItIsFlushed) {
    start(1);
    const Work work = readAndReturn(acquire(pool));
    auto waiting = acquireElsewhere();
    EXPECT_EQ(waiting.wait_for(20ms), std::future_status::timeout);
    gst_buffer_pool_set_flushing(pool.get(), TRUE);
    EXPECT_EQ(waiting.get(), GST_FLOW_FLUSHING);
    gst_buffer_pool_set_flushing(pool.get(), FALSE);
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_EOS) << "the device is still at it";
    kernel.finishWork(work);
    EXPECT_NE(acquireNow(pool), nullptr);
}

TEST_P(PoolFenceTest, DoesNotWaitForADeviceThatHangs) {
    start(1, ",wait=20");
    const Work work = readAndReturn(acquire(pool));
    const GstLog log("mediaheap", GST_LEVEL_ERROR);
    GstFlowReturn result = GST_FLOW_OK;
    acquire(pool, &result);
    EXPECT_EQ(result, GST_FLOW_ERROR);
    for (const std::string& text : {log.text(), failure()}) {
        EXPECT_NE(text.find(gst_media_heap_get_description(heap.get())), std::string::npos) << text;
        EXPECT_NE(text.find("have not finished with any of the pool's after 20 ms"),
                  std::string::npos)
            << text;
    }
    kernel.finishWork(work);
    EXPECT_NE(acquire(pool), nullptr) << "and works again";
}

TEST_P(PoolFenceTest, LeavesMemoryToTheDeviceWhenItStops) {
    start(1);
    const Work work = readAndReturn(acquire(pool));
    gst_buffer_pool_set_active(pool.get(), FALSE);
    EXPECT_GT(stat(heap.get(), "held"), 0u);
    EXPECT_EQ(stat(heap.get(), "cached"), 0u);

    ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    const Owned<GstBuffer> fresh = acquireNow(pool);
    ASSERT_NE(fresh, nullptr);
    EXPECT_TRUE(gst_media_heap_memory_is_idle(memoryOf(fresh), GST_MAP_WRITE));
    EXPECT_GT(stat(heap.get(), "held"), 0u);
    kernel.finishWork(work);
    EXPECT_EQ(stat(heap.get(), "held"), 0u);
}

TEST_P(PoolFenceTest, KeepsDescriptorsBounded) {
    start(3);
    acquireNow(pool).reset();
    std::vector<Work> works;
    size_t most = 0;
    for (int frame = 0; frame < 500; frame++) {
        if (works.size() == 3) {
            kernel.finishWork(works.front());
            works.erase(works.begin());
        }
        Owned<GstBuffer> buffer = acquireNow(pool);
        ASSERT_NE(buffer, nullptr) << frame;
        works.push_back(readAndReturn(std::move(buffer)));
        if (frame % 100 == 99) {
            kernel.liveBuffers();
            const int lowest = ::fcntl(0, F_DUPFD_CLOEXEC, 0);
            most = std::max<size_t>(most, static_cast<size_t>(lowest));
            ::close(lowest);
        }
    }
    EXPECT_LT(most, 100u);
    for (const Work& work : works)
        kernel.finishWork(work);
}

// ---- The C API.

TEST_P(PoolFenceTest, SaysWhetherAMemoryIsIdle) {
    start(1);
    const Owned<GstBuffer> buffer = acquire(pool);
    GstMemory* memory = memoryOf(buffer);
    const Owned<GstMemory> part(gst_memory_share(memory, 100, 100));
    Work work;
    ASSERT_TRUE(gst_media_heap_memory_import_fence(part.get(), kernel.newSyncFile(work).release(),
                                                   GST_MAP_READ, nullptr));
    EXPECT_TRUE(gst_media_heap_memory_is_idle(memory, GST_MAP_READ));
    EXPECT_FALSE(gst_media_heap_memory_is_idle(memory, GST_MAP_WRITE));
    kernel.finishWork(work);
    EXPECT_TRUE(gst_media_heap_memory_is_idle(memory, GST_MAP_READWRITE));
}

TEST_P(PoolFenceTest, FailsAMapWhoseDeviceHangs) {
    start(1, ",wait=20");
    const Owned<GstBuffer> buffer = acquire(pool);
    Work work;
    ASSERT_TRUE(gst_media_heap_memory_import_fence(
        memoryOf(buffer), kernel.newSyncFile(work).release(), GST_MAP_WRITE, nullptr));
    const GstLog log("mediaheap", GST_LEVEL_ERROR);
    EXPECT_FALSE(Mapped(memoryOf(buffer), GST_MAP_READ));
    EXPECT_TRUE(log.contains("after 20 ms")) << log.text();
    kernel.finishWork(work);
    EXPECT_TRUE(Mapped(memoryOf(buffer), GST_MAP_READ));
}

TEST_P(PoolFenceTest, RefusesWhatIsNoFence) {
    start(1);
    const Owned<GstBuffer> buffer = acquire(pool);
    for (const int fd : {-1, kernel.memfdCreate("file", 0)}) {
        GError* raw = nullptr;
        EXPECT_FALSE(gst_media_heap_memory_import_fence(memoryOf(buffer), fd, GST_MAP_READ, &raw));
        const Owned<GError> error(raw);
        ASSERT_NE(error, nullptr);
        EXPECT_TRUE(g_error_matches(raw, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS))
            << raw->message;
    }
    EXPECT_TRUE(gst_media_heap_memory_is_idle(memoryOf(buffer), GST_MAP_WRITE));
    EXPECT_EQ(criticalsDuring([&] {
                  gst_media_heap_memory_import_fence(memoryOf(buffer),
                                                     kernel.memfdCreate("file", 0),
                                                     static_cast<GstMapFlags>(0), nullptr);
              }),
              1);
}

TEST_P(PoolFenceTest, ExportsAFenceOfADmaBuf) {
    start(1);
    const Owned<GstBuffer> buffer = acquire(pool);
    GError* raw = nullptr;
    const UniqueFd fence(gst_media_heap_memory_export_fence(memoryOf(buffer), GST_MAP_WRITE, &raw));
    const Owned<GError> error(raw);
    EXPECT_EQ(fence.isValid(), gst_media_heap_is_dmabuf(heap.get()));
    EXPECT_EQ(error == nullptr, gst_media_heap_is_dmabuf(heap.get()));
}

} // namespace

} // namespace mediaheap::test
