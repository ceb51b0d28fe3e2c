// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The book that measuring a pipeline keeps, page by page.
#include <gtest/gtest.h>

#include "measure/flight_log.h"

namespace measure {
namespace {

// Addresses of buffers and memories; nobody looks behind them.
const char things[8] = {};
const void* const bufferA = &things[0];
const void* const bufferB = &things[1];
const void* const memoryA = &things[2];
const void* const memoryB = &things[3];

class FlightLogTest : public testing::Test {
protected:
    size_t stream(const char* pad, const char* pool = "pool") {
        Stream added;
        added.pad = pad;
        added.pool = pool;
        return log.addStream(added);
    }

    const Stream& of(size_t index) const { return log.streams()[index]; }

    FlightLog log;
};

TEST_F(FlightLogTest, CountsBuffersFromTheFirstPadToTheLastReference) {
    const size_t source = stream("source");
    log.push(source, bufferA, {{memoryA, 100, false}});
    log.push(source, bufferB, {{memoryB, 100, false}});
    log.release(bufferA);
    log.push(source, bufferA, {{memoryA, 100, false}});
    log.release(bufferA);
    log.release(bufferB);
    EXPECT_EQ(of(source).pushed, 3u);
    EXPECT_EQ(of(source).peak, 2u);
    EXPECT_EQ(of(source).peakBytes, 200u);
    EXPECT_EQ(of(source).live, 0u);
    EXPECT_EQ(of(source).liveBytes, 0u);
    EXPECT_EQ(of(source).buffersMade.size(), 2u) << "of a pool, which gives the same ones again";
    EXPECT_EQ(log.peakBytes(), 200u);
    EXPECT_EQ(log.inFlight(), 0u);
}

TEST_F(FlightLogTest, ABufferStaysWithThePadThatItLeftFirst) {
    const size_t source = stream("source");
    const size_t queue = stream("queue");
    log.push(source, bufferA, {{memoryA, 100, false}});
    log.push(queue, bufferA, {{memoryA, 100, false}});
    EXPECT_EQ(of(queue).pushed, 1u);
    EXPECT_EQ(of(queue).peak, 0u);
    EXPECT_EQ(of(queue).peakBytes, 0u);
    log.release(bufferA);
    EXPECT_EQ(of(source).live, 0u);
}

TEST_F(FlightLogTest, MemoryThatTwoBuffersShareCountsOnceAndUntilBothAreGone) {
    const size_t source = stream("source");
    const size_t tee = stream("tee", "");
    log.push(source, bufferA, {{memoryA, 100, false}});
    log.push(tee, bufferB, {{memoryA, 100, false}});
    log.release(bufferA);
    EXPECT_EQ(of(source).liveBytes, 100u);
    EXPECT_EQ(of(tee).peak, 1u);
    EXPECT_EQ(of(tee).peakBytes, 0u) << "it is the source's memory";
    EXPECT_TRUE(of(tee).buffersMade.empty()) << "nothing comes again without a pool";
    log.release(bufferB);
    EXPECT_EQ(of(source).liveBytes, 0u);
    EXPECT_EQ(log.peakBytes(), 100u);
}

TEST_F(FlightLogTest, TheHeapsPartIsCountedByItself) {
    const size_t source = stream("source");
    log.push(source, bufferA, {{memoryA, 100, true}, {memoryB, 10, false}});
    EXPECT_TRUE(of(source).inHeap);
    EXPECT_EQ(of(source).largestBuffer, 110u);
    EXPECT_EQ(log.peakBytes(), 110u);
    EXPECT_EQ(log.peakHeapBytes(), 100u);
}

TEST_F(FlightLogTest, BuffersThatNeverLeftAPadAreNobodys) {
    stream("source");
    log.release(bufferA);
    EXPECT_EQ(log.inFlight(), 0u);
    EXPECT_EQ(log.peakBytes(), 0u);
}

TEST_F(FlightLogTest, ABufferWhoseMemoryIsTwiceTheSameCountsItOnce) {
    const size_t source = stream("source");
    log.push(source, bufferA, {{memoryA, 100, false}, {memoryA, 100, false}});
    EXPECT_EQ(of(source).liveBytes, 100u);
    log.release(bufferA);
    EXPECT_EQ(of(source).liveBytes, 0u);
}

} // namespace
} // namespace measure
