// SPDX-License-Identifier: LGPL-2.1-or-later
#include <array>
#include <cerrno>
#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "fault_kernel.h"
#include "gst/mediaheap/gstmediaheapbufferpool-private.h"
#include "kernel_override.h"
#include "pool_test.h"

namespace mediaheap::test {

namespace {

using namespace std::chrono_literals;

constexpr guint quarter = 256 * 1024; // of a heap of 1 MiB

/// The heap runs dry before the pool has its maximum.
class StarvationTest : public PoolTest {
protected:
    void SetUp() override {
        PoolTest::SetUp();
        openHeap("size=1M");
    }
    std::string failure() {
        const Owned<gchar> text(
            gst_media_heap_buffer_pool_get_failure(GST_MEDIA_HEAP_BUFFER_POOL(pool.get())));
        return text != nullptr ? text.get() : "";
    }
    Owned<GstMemory> takeFromHeap(gsize size) {
        const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
        return Owned<GstMemory>(gst_allocator_alloc(allocator.get(), size, nullptr));
    }
};

TEST_F(StarvationTest, APoolThatCannotHaveItsMinimumDoesNotStart) {
    const GstLog log("mediaheap", GST_LEVEL_ERROR);
    ASSERT_TRUE(configure(pool, {"test/data", quarter, 6, 0}));
    EXPECT_FALSE(gst_buffer_pool_set_active(pool.get(), TRUE));
    EXPECT_EQ(blocks(), 0u) << "what had been made is given back";
    for (const std::string& text : {log.text(), failure()}) {
        EXPECT_NE(text.find(gst_media_heap_get_description(heap.get())), std::string::npos) << text;
        EXPECT_NE(text.find("6 buffers of 262144 bytes, of which 4 fit"), std::string::npos)
            << text;
        EXPECT_NE(text.find("size=2M"), std::string::npos) << text;
    }
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_FLUSHING);

    ASSERT_TRUE(configure(pool, {"test/data", quarter, 4, 0}));
    EXPECT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
}

TEST_F(StarvationTest, TheSizeThatTheMessageNamesIsEnough) {
    ASSERT_TRUE(configure(pool, {"test/data", 300001, 9, 0}));
    EXPECT_FALSE(gst_buffer_pool_set_active(pool.get(), TRUE));
    const std::string text = failure();
    const size_t at = text.find("size=", text.find("open the heap with"));
    ASSERT_NE(at, std::string::npos) << text;
    openHeap(text.substr(at, text.find(' ', at) - at).c_str());
    ASSERT_TRUE(configure(pool, {"test/data", 300001, 9, 0}));
    EXPECT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
}

TEST_F(StarvationTest, WaitsForItsOwnMemoryToComeBack) {
    start({"test/data", quarter, 0, 0});
    std::vector<Owned<GstBuffer>> buffers;
    for (int i = 0; i < 4; i++)
        buffers.push_back(acquire(pool));
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_EOS) << "who does not wait is told so";

    const GstLog log("mediaheap", GST_LEVEL_INFO);
    for (int round = 0; round < 2; round++) {
        auto taking = std::async(std::launch::async, [this] { return acquire(pool); });
        EXPECT_EQ(taking.wait_for(50ms), std::future_status::timeout);
        buffers.pop_back();
        ASSERT_EQ(taking.wait_for(20s), std::future_status::ready);
        buffers.push_back(taking.get());
        EXPECT_NE(buffers.back(), nullptr);
    }
    const std::string text = log.text();
    const size_t first = text.find("waiting for a buffer");
    EXPECT_NE(first, std::string::npos) << text;
    EXPECT_EQ(text.find("waiting for a buffer", first + 1), std::string::npos) << "once is enough";
    EXPECT_EQ(failure(), "");
}

TEST_F(StarvationTest, WaitsForAMemoryThatSomebodyShares) {
    start({"test/data", quarter, 0, 0});
    const Owned<GstMemory> rest = takeFromHeap(3 * quarter);
    Owned<GstBuffer> buffer = acquire(pool);
    Owned<GstMemory> part(gst_memory_share(gst_buffer_peek_memory(buffer.get(), 0), 0, 10));
    buffer.reset();
    auto taking = std::async(std::launch::async, [this] { return acquire(pool); });
    EXPECT_EQ(taking.wait_for(50ms), std::future_status::timeout);
    part.reset();
    ASSERT_EQ(taking.wait_for(20s), std::future_status::ready);
    EXPECT_NE(taking.get(), nullptr);
}

TEST_F(StarvationTest, WaitsForMemoryOfItsEarlierConfigurationHoweverLong) {
    start({"test/data", quarter, 0, 0});
    std::vector<Owned<GstMemory>> strays;
    for (Owned<GstBuffer>& buffer : std::array{acquire(pool), acquire(pool)})
        strays.emplace_back(gst_memory_share(gst_buffer_peek_memory(buffer.get(), 0), 0, 10));
    stop();
    start({"test/data", 3 * quarter, 0, 0});
    auto taking = std::async(std::launch::async, [this] { return acquire(pool); });
    EXPECT_EQ(taking.wait_for(2500ms), std::future_status::timeout)
        << "for its own it waits longer than for others";
    strays.pop_back(); // is freed; the other stays, and the room is enough
    ASSERT_EQ(taking.wait_for(20s), std::future_status::ready);
    EXPECT_NE(taking.get(), nullptr);
}

TEST_F(StarvationTest, FlushingWakesWhoeverWaits) {
    start({"test/data", 4 * quarter, 0, 0});
    const Owned<GstBuffer> all = acquire(pool);
    auto taking = std::async(std::launch::async, [this] {
        GstFlowReturn result = GST_FLOW_OK;
        acquire(pool, &result);
        return result;
    });
    EXPECT_EQ(taking.wait_for(50ms), std::future_status::timeout);
    gst_buffer_pool_set_flushing(pool.get(), TRUE);
    ASSERT_EQ(taking.wait_for(20s), std::future_status::ready);
    EXPECT_EQ(taking.get(), GST_FLOW_FLUSHING);
}

// When a stream changes its format, the new pool starts before the old frames have gone.
TEST_F(StarvationTest, StartsShortWhereOthersHaveWhatItNeeds) {
    Owned<GstMemory> old = takeFromHeap(3 * quarter);
    start({"test/data", quarter, 3, 3});
    EXPECT_EQ(blocks(), 2u) << "one of its own";
    const Owned<GstBuffer> one = acquire(pool);
    EXPECT_NE(one, nullptr);
    old.reset();
    const Owned<GstBuffer> two = acquireNow(pool);
    const Owned<GstBuffer> three = acquireNow(pool);
    EXPECT_TRUE(two != nullptr && three != nullptr);
}

TEST_F(StarvationTest, WaitsForOthersThoughNoneOfItsOwnIsOut) {
    // Exactly the room that comes free: no byte more may be waited for.
    start({"test/data", 2 * quarter - 100, 0, 0});
    const Owned<GstMemory> rest = takeFromHeap(2 * quarter);
    Owned<GstMemory> old = takeFromHeap(2 * quarter);
    auto taking = std::async(std::launch::async, [this] { return acquire(pool); });
    // However late its thread begins: it waits once the heap has refused it.
    while (stat(heap.get(), "failures") == 0)
        ASSERT_EQ(taking.wait_for(1ms), std::future_status::timeout);
    EXPECT_EQ(taking.wait_for(50ms), std::future_status::timeout);
    old.reset();
    ASSERT_EQ(taking.wait_for(20s), std::future_status::ready);
    EXPECT_NE(taking.get(), nullptr);
    EXPECT_EQ(failure(), "");
    EXPECT_EQ(stat(heap.get(), "failures"), 1u) << "it looks before it tries again";
}

TEST_F(StarvationTest, OthersThatGiveNothingBackAreAnErrorInTheEnd) {
    start({"test/data", 2 * quarter, 0, 0});
    Owned<GstMemory> rest = takeFromHeap(4 * quarter);
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_ERROR) << "who does not wait learns of it at once";
    const GstLog log("mediaheap", GST_LEVEL_ERROR);
    acquire(pool, &result);
    EXPECT_EQ(result, GST_FLOW_ERROR);
    for (const std::string& text : {log.text(), failure()})
        EXPECT_NE(text.find("0 KiB of 1024 KiB free"), std::string::npos) << text;
    rest.reset();
    EXPECT_NE(acquire(pool), nullptr) << "it was not the pool's fault, and is over";
}

TEST_F(StarvationTest, WhatNeverFitsIsAnErrorAtOnce) {
    start({"test/data", 5 * quarter, 0, 0});
    Owned<GstMemory> other = takeFromHeap(quarter);
    GstFlowReturn result = GST_FLOW_OK;
    const auto before = std::chrono::steady_clock::now();
    acquire(pool, &result);
    EXPECT_EQ(result, GST_FLOW_ERROR);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
}

TEST_F(StarvationTest, FlushingEndsTheWaitForOthers) {
    start({"test/data", 2 * quarter, 0, 0});
    const Owned<GstMemory> old = takeFromHeap(4 * quarter);
    auto taking = std::async(std::launch::async, [this] {
        GstFlowReturn result = GST_FLOW_OK;
        acquire(pool, &result);
        return result;
    });
    EXPECT_EQ(taking.wait_for(50ms), std::future_status::timeout);
    gst_buffer_pool_set_flushing(pool.get(), TRUE);
    ASSERT_EQ(taking.wait_for(20s), std::future_status::ready);
    EXPECT_EQ(taking.get(), GST_FLOW_FLUSHING);
}

TEST_F(StarvationTest, ADestroyedHeapIsAnErrorAtOnce) {
    start({"test/data", quarter, 0, 0});
    ASSERT_TRUE(gst_media_heap_destroy(heap.get(), nullptr));
    GstFlowReturn result = GST_FLOW_OK;
    acquire(pool, &result);
    EXPECT_EQ(result, GST_FLOW_ERROR);
    EXPECT_NE(failure().find("destroyed"), std::string::npos) << failure();
}

// Whatever call fails while the pool starts: it starts not, says why, and leaves nothing.
TEST_F(StarvationTest, EveryCallThatCanFailWhileStartingIsSurvived) {
    for (const int error : {EMFILE, ENOMEM}) {
        uint64_t survived = 0;
        for (uint64_t ordinal = 1;; ordinal++) {
            FaultKernel faults(Kernel::system());
            const KernelOverride override(faults);
            openHeap("size=1M");
            ASSERT_TRUE(configure(pool, {"test/data", quarter, 3, 0}));
            faults.failNth(ordinal, error);
            const bool started = gst_buffer_pool_set_active(pool.get(), TRUE);
            const bool fired = !faults.fired().empty();
            faults.clearFaults();
            if (!started) {
                EXPECT_NE(failure(), "") << ordinal;
                EXPECT_EQ(failure().find("open the heap with size="), std::string::npos)
                    << "the heap is large enough: " << failure();
                // Where the source knows better what to do about the machine's memory, it says so.
                EXPECT_EQ(failure().find("fewer buffers") != std::string::npos ||
                              failure().find("MemAvailable") != std::string::npos,
                          error == ENOMEM)
                    << failure();
                EXPECT_EQ(blocks(), 0u) << ordinal;
            } else {
                EXPECT_EQ(blocks(), 3u) << ordinal;
                survived++;
            }
            pool.reset();
            heap.reset();
            EXPECT_EQ(faults.liveMappings(), 0u) << faults.mappingsLeft();
            if (!fired)
                break;
            ASSERT_LT(ordinal, 1000u);
        }
        EXPECT_GE(survived, 1u);
    }
    openHeap("size=1M");
}

} // namespace

} // namespace mediaheap::test
