// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who opened what is open.
#include "sync/access_trace.h"

#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sync/sequence.h"

namespace mediaheap {

/// Callers that a backtrace is to show.
__attribute__((noinline)) void openToRead(AccessTrace& trace) {
    EXPECT_TRUE(trace.opens(Access::Read, {64, 128}).ok());
}
__attribute__((noinline)) void openToWrite(AccessTrace& trace) {
    EXPECT_TRUE(trace.opens(Access::Write, {0, 4096}).ok());
}

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<Access> accessesOf(const AccessTrace& trace) {
    std::vector<Access> accesses;
    for (const AccessRecord& record : trace.open())
        accesses.push_back(record.access);
    return accesses;
}

TEST(AccessTrace, RemembersHowAnAccessWasOpened) {
    AccessTrace trace(nullptr);
    const uint64_t before = nextSequence();
    openToRead(trace);
    ASSERT_EQ(trace.open().size(), 1u);
    const AccessRecord record = trace.open()[0];
    EXPECT_EQ(record.sequence, before + 1);
    EXPECT_EQ(record.access, Access::Read);
    EXPECT_EQ(record.range, (ByteRange{64, 128}));
    EXPECT_GT(record.depth, 2u);
    EXPECT_THAT(record.text(),
                AllOf(HasSubstr("access #" + std::to_string(record.sequence) +
                                " for reading, of 128 bytes at 64, opened by thread " +
                                std::to_string(record.thread) + " here:\n"),
                      HasSubstr("openToRead"), HasSubstr("access_trace_test.cpp")));
}

TEST(AccessTrace, ForgetsWhatHasEnded) {
    AccessTrace trace(nullptr);
    openToRead(trace);
    openToWrite(trace);
    EXPECT_TRUE(trace.closes(false).ok());
    EXPECT_THAT(accessesOf(trace), ElementsAre(Access::Read)) << "the last opened goes first";
    EXPECT_TRUE(trace.closes(true).ok());
    EXPECT_THAT(trace.open(), IsEmpty());
}

TEST(AccessTrace, TakesAnEndForThatOfTheThreadsOwnAccess) {
    AccessTrace trace(nullptr);
    openToRead(trace);
    std::thread([&] { openToWrite(trace); }).join();
    EXPECT_TRUE(trace.closes(false).ok());
    EXPECT_THAT(accessesOf(trace), ElementsAre(Access::Write));
    std::thread([&] { EXPECT_TRUE(trace.closes(true).ok()); }).join();
    EXPECT_THAT(trace.open(), IsEmpty());
}

TEST(AccessTrace, NumbersAccessesInTheirOrder) {
    AccessTrace one(nullptr);
    AccessTrace other(nullptr);
    openToRead(one);
    openToRead(other);
    openToWrite(one);
    EXPECT_LT(one.open()[0].sequence, other.open()[0].sequence);
    EXPECT_LT(other.open()[0].sequence, one.open()[1].sequence);
}

} // namespace
} // namespace mediaheap
