// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where the program is, in words.
#include "base/backtrace.h"

#include <algorithm>
#include <cerrno> // program_invocation_short_name
#include <cstdio>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/addr2line.h"
#include "base/code_location.h"

namespace mediaheap {
namespace test {

// Named functions that the compiler keeps as they are.
#define MEDIAHEAP_KEPT __attribute__((noinline, noclone))
#ifdef __clang__
#undef MEDIAHEAP_KEPT
#define MEDIAHEAP_KEPT __attribute__((noinline))
#endif

MEDIAHEAP_KEPT std::vector<void*> innerCaller(int skip) {
    std::vector<void*> frames = captureBacktrace(skip);
    frames.shrink_to_fit(); // keeps the call above from being a tail call
    return frames;
}

MEDIAHEAP_KEPT std::vector<void*> outerCaller(int skip) {
    std::vector<void*> frames = innerCaller(skip);
    frames.shrink_to_fit();
    return frames;
}

MEDIAHEAP_KEPT std::vector<void*> calls(int depth) {
    std::vector<void*> frames = depth > 0 ? calls(depth - 1) : captureBacktrace(0);
    frames.shrink_to_fit();
    return frames;
}

} // namespace test

namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

std::vector<std::string> linesOf(const std::string& text) {
    std::vector<std::string> lines;
    for (size_t at = 0; at <= text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

TEST(Addr2line, IsThereBecauseTheCompilerNeedsItsPackage) {
    EXPECT_THAT(addr2linePath(), StartsWith("/"));
}

TEST(Backtrace, BeginsWithWhoAskedForIt) {
    const std::vector<void*> frames = test::outerCaller(0);
    ASSERT_GE(frames.size(), 3u);
    const std::vector<std::string> lines = linesOf(describeBacktrace(frames));
    EXPECT_THAT(lines[0], HasSubstr("innerCaller"));
    EXPECT_THAT(lines[1], HasSubstr("outerCaller"));
}

TEST(Backtrace, LeavesOutTheCallersItIsToldTo) {
    const std::vector<void*> all = test::outerCaller(0);
    const std::vector<void*> fewer = test::outerCaller(1);
    ASSERT_EQ(fewer.size() + 1, all.size());
    EXPECT_EQ(fewer[0], all[1]);
}

TEST(Backtrace, EndsAtItsLongest) { EXPECT_EQ(test::calls(100).size(), longestBacktrace); }

TEST(Backtrace, FillsNoMoreRoomThanThereIs) {
    void* frames[3] = {nullptr, nullptr, this};
    EXPECT_EQ(captureBacktrace(frames, 2, 0), 2u);
    EXPECT_NE(frames[1], nullptr);
    EXPECT_EQ(frames[2], this);
}

TEST(Backtrace, IsDescribedWithFileAndLine) {
    const std::vector<std::string> lines = linesOf(describeBacktrace(test::outerCaller(0)));
    EXPECT_THAT(lines[0],
                MatchesRegex("    #0 .*innerCaller.* at .*backtrace_test\\.cpp:[0-9]+.*"));
}

TEST(Backtrace, IsDescribedByModuleAndOffsetWhereNobodyKnowsMore) {
    CodeLocation location;
    std::vector<void*> frames = test::outerCaller(0);
    ASSERT_TRUE(locateCode(frames[0], location));
    EXPECT_THAT(location.module, HasSubstr(program_invocation_short_name));
    static const char nowhere = 0;
    EXPECT_THAT(describeBacktrace({const_cast<char*>(&nowhere)}),
                MatchesRegex("    #0 /.*\\+0x[0-9a-f]+.*"));
    EXPECT_EQ(describeBacktrace({reinterpret_cast<void*>(16)}), "    #0 0x10");
    EXPECT_EQ(describeBacktrace({}), "");
}

TEST(CodeLocation, IsCountedAsAddr2lineCounts) {
    CodeLocation location;
    ASSERT_TRUE(locateCode(reinterpret_cast<void*>(&test::outerCaller), location));
    char answer[1024];
    ASSERT_TRUE(runAddr2line(addr2linePath(), location.module, &location.address, 1, answer,
                             sizeof answer));
    EXPECT_THAT(answer, testing::AllOf(HasSubstr("outerCaller"), HasSubstr("backtrace_test.cpp")));
    // In a library, which is loaded elsewhere than its file says.
    ASSERT_TRUE(locateCode(reinterpret_cast<void*>(&std::fopen), location));
    EXPECT_THAT(location.module, HasSubstr("/lib"));
    EXPECT_LT(location.address, 1u << 30);
}

TEST(CodeLocation, IsNowhereForMemoryOfNoFile) {
    CodeLocation location;
    EXPECT_FALSE(locateCode(reinterpret_cast<void*>(8), location));
    std::vector<int> heap(100000);
    EXPECT_FALSE(locateCode(heap.data(), location)) << location.module;
}

} // namespace
} // namespace mediaheap
