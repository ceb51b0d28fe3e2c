// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a pool at rest gives up for one that works.
#include <atomic>
#include <chrono>
#include <functional>
#include <future>

#include "pool_policy.h"

namespace mediaheap::test {

namespace {

using namespace std::chrono_literals;

TEST_F(PolicyTest, APoolAtRestDoesNotStarveTheOneThatWorks) {
    startWith(other, {4, 0});
    startWith(pool, {2, 0});
    const auto buffers = take(pool, 4);
    EXPECT_EQ(blocks(), 4u) << "all that the other had went to the one that works";
    EXPECT_EQ(failureOf(pool), "");
}

TEST_F(PolicyTest, TakesNoMoreThanItNeeds) {
    startWith(other, {4, 0});
    const Owned<GstBuffer> of = acquireNow(other); // it has had its turn
    startWith(pool, {0, 0});
    // Nothing to spare while that is out: all four are its minimum.
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_ERROR);
    EXPECT_EQ(blocks(), 4u);
}

TEST_F(PolicyTest, OneBufferIsGivenUpForOneThatIsWanted) {
    startWith(other, {4, 0});
    startWith(pool, {0, 0});
    const Owned<GstBuffer> mine = acquireNow(pool);
    ASSERT_NE(mine, nullptr);
    EXPECT_EQ(blocks(), 4u) << "three of the other's are left";
    EXPECT_EQ(take(other, 3).size(), 3u);
}

TEST_F(PolicyTest, APoolThatWorksKeepsItsMinimum) {
    startWith(other, {2, 0});
    std::vector<Owned<GstBuffer>> out = take(other, 4);
    out.resize(1); // three are idle, one of them within its minimum
    startWith(pool, {0, 0});
    const auto mine = take(pool, 2);
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_EOS) << "its own will come back, and the other has what it needs";
    EXPECT_NE(acquireNow(other), nullptr);
}

TEST_F(PolicyTest, AFlushingPoolKeepsNothingFromOneThatWorks) {
    startWith(other, {3, 0});
    const Owned<GstBuffer> out = acquireNow(other);
    gst_buffer_pool_set_flushing(other.get(), TRUE);
    startWith(pool, {0, 0});
    const auto mine = take(pool, 3);
    gst_buffer_pool_set_flushing(other.get(), FALSE);
}

TEST_F(PolicyTest, ThePoolThatRestedLongestIsAskedFirst) {
    const Owned<GstBufferPool> third(gst_media_heap_buffer_pool_new(heap.get()));
    startWith(other, {2, 0});
    startWith(third, {2, 0});
    acquireNow(other); // and back: it is the third that has rested longest
    startWith(pool, {0, 0});
    const auto mine = take(pool, 2);
    EXPECT_EQ(availableOf(third), 0u);
    EXPECT_EQ(availableOf(other), 2u);
}

TEST_F(PolicyTest, AStartTakesWhatOthersCanDoWithoutToo) {
    startWith(other, {4, 0});
    startWith(pool, {3, 0});
    EXPECT_EQ(take(pool, 3).size(), 3u);
    EXPECT_EQ(availableOf(other), 1u);
}

TEST_F(PolicyTest, ALargeBufferTakesSeveralSmallOnes) {
    startWith(other, {4, 0});
    startWith(pool, {0, 0}, 3 * quarter);
    EXPECT_NE(acquireNow(pool), nullptr);
}

TEST_F(PolicyTest, WhatNeverFitsCostsNobodyAnything) {
    startWith(other, {4, 0});
    startWith(pool, {0, 0}, 5 * quarter);
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_ERROR);
    EXPECT_EQ(availableOf(other), 4u);
}

TEST_F(PolicyTest, MemoryThatSomebodyRefersToIsNotGivenUp) {
    startWith(other, {4, 0});
    Owned<GstBuffer> buffer = acquireNow(other);
    const Owned<GstMemory> memory(gst_buffer_get_memory(buffer.get(), 0));
    buffer.reset(); // idle, but freeing it would make no room
    startWith(pool, {0, 0});
    const auto mine = take(pool, 3);
    GstFlowReturn result = GST_FLOW_OK;
    acquireNow(pool, &result);
    EXPECT_EQ(result, GST_FLOW_EOS);
    const Owned<GstBuffer> again = acquireNow(other);
    EXPECT_EQ(gst_buffer_peek_memory(again.get(), 0), memory.get());
}

TEST_F(PolicyTest, BareMemoryIsGivenUpAsWell) {
    startWith(other, {0, 0});
    for (Owned<GstBuffer>& buffer : take(other, 4))
        gst_buffer_remove_all_memory(buffer.get());
    startWith(pool, {4, 0});
    EXPECT_EQ(take(pool, 4).size(), 4u);
}

TEST_F(PolicyTest, WhatComesToRestWhileAPoolWaitsIsItsToo) {
    startWith(other, {4, 0});
    std::vector<Owned<GstBuffer>> out = take(other, 4);
    startWith(pool, {1, 0});
    auto taking = taker(pool);
    EXPECT_TRUE(waits(taking)) << "nobody has anything to spare";
    out.clear();
    EXPECT_EQ(resultOf(taking), GST_FLOW_OK);
}

TEST_F(PolicyTest, TwoPoolsTakeTurnsInAHeapForOne) {
    startWith(pool, {0, 0}, 4 * quarter);
    startWith(other, {0, 0}, 3 * quarter);
    for (int round = 0; round < 50; round++) {
        ASSERT_NE(acquireNow(pool), nullptr) << round;
        ASSERT_NE(acquireNow(other), nullptr) << round;
    }
}

TEST_F(PolicyTest, PoolsThatTakeFromEachOtherDoNotHang) {
    // Each works with one buffer, and there is room for one of them at a time.
    startWith(pool, {0, 0}, 3 * quarter);
    startWith(other, {0, 0}, 3 * quarter);
    const auto work = [](const Owned<GstBufferPool>& worker) {
        for (int i = 0; i < 200; i++) {
            if (acquire(worker) == nullptr)
                return false;
        }
        return true;
    };
    auto one = std::async(std::launch::async, work, std::cref(pool));
    auto two = std::async(std::launch::async, work, std::cref(other));
    ASSERT_EQ(one.wait_for(60s), std::future_status::ready);
    ASSERT_EQ(two.wait_for(60s), std::future_status::ready);
    EXPECT_TRUE(one.get());
    EXPECT_TRUE(two.get());
}

TEST_F(PolicyTest, PoolsComeAndGoWhileOthersAskForTheirs) {
    startWith(pool, {0, 0}, 4 * quarter);
    std::atomic<bool> done{false};
    auto coming = std::async(std::launch::async, [this, &done] {
        while (!done) {
            const Owned<GstBufferPool> passing(gst_media_heap_buffer_pool_new(heap.get()));
            if (configureWith(passing, quarter, {0, 0}) &&
                gst_buffer_pool_set_active(passing.get(), TRUE))
                acquireNow(passing);
        }
    });
    for (int i = 0; i < 200; i++)
        EXPECT_NE(acquire(pool), nullptr);
    done = true;
    coming.get();
}

} // namespace

} // namespace mediaheap::test
