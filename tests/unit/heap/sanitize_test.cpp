// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Heaps with sanitize=1, and what is said of accesses that nobody ended.
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "captured_log.h"
#include "heap_test.h"
#include "protection.h"

namespace mediaheap {

/// A place that a diagnosis is to name.
__attribute__((noinline)) void forgetfulOpener(const Block& block) {
    test::must(block.beginAccess(Access::ReadWrite));
}

namespace {

using test::CapturedLog;
using test::EnvironmentVariable;
using test::HeapTest;
using test::must;
using test::peek;
using test::poke;
using test::protectionOf;
using testing::AllOf;
using testing::HasSubstr;
using testing::KilledBySignal;
using testing::Not;

using SanitizeTest = HeapTest;
using SanitizeDeathTest = HeapTest;

std::string protectionOf(const Block& block) { return protectionOf(block.data(), block.size()); }

// ---- The heap string.

TEST_F(SanitizeTest, IsAWishOfTheHeapString) {
    EXPECT_EQ(open("memfd,size=1M,sanitize=1")->description(), "memfd,size=1M,sanitize=1");
    EXPECT_EQ(open("memfd,size=1M,sanitize=1,stray=abort,zone=a")->description(),
              "memfd,size=1M,zone=a,sanitize=1");
    EXPECT_EQ(open("memfd,size=1M,sanitize=1,stray=report,zone=b")->description(),
              "memfd,size=1M,zone=b,sanitize=1,stray=report");
    EXPECT_EQ(open("memfd,size=1M,sanitize=0,zone=c")->description(), "memfd,size=1M,zone=c");
}

TEST_F(SanitizeTest, IsTheSameForAllWhoShareAHeap) {
    const auto plain = open("memfd,size=1M");
    EXPECT_EQ(open("memfd,sanitize=0"), plain);
    EXPECT_EQ(Heap::open("memfd,sanitize=1").error().code, EBUSY);
    EXPECT_EQ(Heap::open("memfd,stray=report").error().code, EBUSY);
    const auto sanitized = open("memfd,size=1M,sanitize=1,stray=report,zone=a");
    EXPECT_EQ(open("memfd,zone=a"), sanitized);
    EXPECT_EQ(open("memfd,zone=a,stray=report"), sanitized);
    EXPECT_EQ(open(sanitized->description()), sanitized);
    EXPECT_EQ(Heap::open("memfd,zone=a,sanitize=0").error().code, EBUSY);
    EXPECT_EQ(Heap::open("memfd,zone=a,stray=abort").error().code, EBUSY);
}

TEST_F(SanitizeTest, ComesFromTheDefaultUnlessTheStringSaysOtherwise) {
    const EnvironmentVariable standard("MEDIAHEAP_DEFAULT", "memfd,size=1M,sanitize=1");
    EXPECT_EQ(open("auto")->description(), "memfd,size=1M,sanitize=1");
    EXPECT_EQ(open("auto,stray=report,zone=a")->description(),
              "memfd,size=1M,zone=a,sanitize=1,stray=report");
    EXPECT_EQ(open("auto,sanitize=0,zone=b")->description(), "memfd,size=1M,zone=b");
}

// ---- What is open when.

class SanitizedSourceTest : public HeapTest, public testing::WithParamInterface<const char*> {
protected:
    SanitizedSourceTest() {
        fake.addUdmabuf();
        fake.addDmaHeap("system");
        heap = open(GetParam() + std::string(",size=1M,sanitize=1,stray=report"));
    }

    std::shared_ptr<Heap> heap;
};

INSTANTIATE_TEST_SUITE_P(Sources, SanitizedSourceTest,
                         testing::Values("memfd", "udmabuf", "dma-heap:system", "simulated"),
                         [](const auto& row) {
                             const std::string name = row.param;
                             return name.substr(name.find(':') + 1);
                         });

TEST_P(SanitizedSourceTest, OpensTheMappingForAccessesOnly) {
    const Block block = allocate(heap, 3 * page);
    EXPECT_EQ(protectionOf(block), "---");
    {
        const Mapping reading = must(block.map(Access::Read));
        EXPECT_EQ(protectionOf(block), "r--");
        const Mapping writing = must(block.map(Access::Write, page, 1));
        EXPECT_EQ(protectionOf(block), "rw-");
    }
    EXPECT_EQ(protectionOf(block), "---");
    fill(block, 7);
    EXPECT_TRUE(isFilledWith(block, 7));
    EXPECT_EQ(heap->stats().strayAccesses, 0u);
}

TEST_P(SanitizedSourceTest, KeepsFreedMemoryClosedAndGivesItToTheNext) {
    Block block = allocate(heap, 2 * page);
    fill(block, 1);
    void* const address = block.data();
    block.reset();
    EXPECT_EQ(protectionOf(address, 2 * page), "---");
    const Block next = allocate(heap, 2 * page);
    ASSERT_EQ(next.data(), address) << "out of the cache";
    EXPECT_EQ(protectionOf(next), "---");
    EXPECT_TRUE(isFilledWith(next, 0)) << "cleared though it was closed";
    EXPECT_EQ(heap->stats().strayAccesses, 0u);
}

TEST_P(SanitizedSourceTest, CountsWhatItLetsThrough) {
    const Block block = allocate(heap, page);
    testing::internal::CaptureStderr();
    (void)peek(block.data());
    const std::string text = testing::internal::GetCapturedStderr();
    EXPECT_THAT(text, AllOf(HasSubstr("stray read"), HasSubstr(heap->description())));
    EXPECT_EQ(heap->stats().strayAccesses, 1u);
    EXPECT_THAT(heap->report(ReportFormat::Json), HasSubstr("\"stray_accesses\": 1"));
    EXPECT_TRUE(isFilledWith(block, 0));
    EXPECT_EQ(protectionOf(block), "---");
}

TEST_P(SanitizedSourceTest, LetsThreadsMapOneBlockAtOnce) {
    const Block block = allocate(heap, 4 * page);
    std::vector<std::thread> threads;
    for (unsigned id = 0; id < 4; ++id) {
        threads.emplace_back([&block, id, this] {
            auto* const mine = static_cast<uint8_t*>(block.data()) + id * page;
            for (unsigned n = 0; n < 200; ++n) {
                Mapping writing = must(block.map(Access::ReadWrite, id * page, page));
                mine[n % page] = static_cast<uint8_t>(n);
                must(writing.end());
                Mapping reading = must(block.map(Access::Read, id * page, page));
                if (mine[n % page] != static_cast<uint8_t>(n))
                    ADD_FAILURE() << "another thread's data";
                must(reading.end());
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(heap->stats().strayAccesses, 0u);
    EXPECT_EQ(protectionOf(block), "---");
}

// ---- Reports that end the program.

TEST_F(SanitizeDeathTest, NamesBlockAndHeapOfAStrayAccess) {
    const auto heap = open("memfd,size=1M,sanitize=1");
    const Block block = allocate(heap, 2 * page, named("preview"));
    fill(block, 1);
    EXPECT_EXIT((void)peek(static_cast<uint8_t*>(block.data()) + page + 3), KilledBySignal(SIGABRT),
                AllOf(HasSubstr("stray read"),
                      HasSubstr("byte " + std::to_string(page + 3) + " of the "),
                      HasSubstr("block 'preview' of heap 'memfd,size=1M,sanitize=1'"),
                      HasSubstr("for writing, opened by thread"), HasSubstr("HeapTest::fill")));
}

TEST_F(SanitizeDeathTest, NamesAWriteThroughAMappingForReading) {
    const auto heap = open("memfd,size=1M,sanitize=1");
    const Block block = allocate(heap, page, named("preview"));
    const Mapping mapping = must(block.map(Access::Read));
    EXPECT_EXIT(poke(mapping.data(), 1), KilledBySignal(SIGABRT),
                AllOf(HasSubstr("stray write"), HasSubstr("in an access for reading")));
}

TEST_F(SanitizeDeathTest, NamesAnAccessToFreedMemory) {
    const auto heap = open("memfd,size=1M,sanitize=1");
    Block block = allocate(heap, page, named("preview"));
    fill(block, 1);
    void* const address = block.data();
    block.reset();
    EXPECT_EXIT(poke(address, 1), KilledBySignal(SIGABRT),
                AllOf(HasSubstr("stray write"), HasSubstr("of freed block 'preview'"),
                      HasSubstr("HeapTest::fill")));
}

TEST_F(SanitizeDeathTest, SaysNothingOfMemoryThatIsGone) {
    const auto heap = open("memfd,size=1M,sanitize=1,cache=0");
    Block block = allocate(heap, page);
    void* const address = block.data();
    block.reset();
    EXPECT_DEATH(poke(address, 1), Not(HasSubstr("stray")));
}

// ---- Accesses that nobody ended.

TEST_F(SanitizeTest, SaysWhoLeftAnAccessOpen) {
    for (const char* const string : {"memfd,size=1M,sanitize=1", "simulated,size=1M"}) {
        const auto heap = open(string);
        const CapturedLog log;
        {
            const Block block = allocate(heap, page, named("forgotten"));
            forgetfulOpener(block);
        }
        EXPECT_THAT(
            log.text(),
            AllOf(HasSubstr("block 'forgotten' of heap '" + heap->description() +
                            "' was freed with 1 CPU accesses open, which end now\naccess #"),
                  HasSubstr(" for reading and writing, of " + std::to_string(page) +
                            " bytes at 0, opened by thread "),
                  HasSubstr("forgetfulOpener"), HasSubstr("sanitize_test.cpp")));
    }
}

TEST_F(SanitizeTest, SaysHowToLearnWhoLeftAnAccessOpen) {
    const auto heap = open("memfd,size=1M");
    const CapturedLog log;
    {
        const Block block = allocate(heap, page, named("forgotten"));
        forgetfulOpener(block);
    }
    EXPECT_THAT(log.text(), AllOf(HasSubstr("'forgotten'"), HasSubstr("sanitize=1"),
                                  Not(HasSubstr("forgetfulOpener"))));
}

TEST_F(SanitizeTest, SaysWhoHasADroppedBlockMapped) {
    const auto heap = open("memfd,size=1M,sanitize=1");
    const CapturedLog log;
    Block block = allocate(heap, page, named("dropped"));
    Mapping mapping = must(block.map(Access::Read));
    block.reset();
    EXPECT_THAT(log.text(), AllOf(HasSubstr("'dropped' was dropped while it is mapped"),
                                  HasSubstr("for reading, of"), HasSubstr("sanitize_test.cpp")));
    must(mapping.end());
}

// ---- Without it.

TEST_F(SanitizeTest, CostsNoCallWhereItIsOff) {
    const auto heap = open("memfd,size=1M,sanitize=0");
    const Block block = allocate(heap, page);
    EXPECT_EQ(protectionOf(block), "rw-");
    fill(block, 1);
    EXPECT_EQ(faults.calls(test::Call::Protect), 0u);
}

} // namespace
} // namespace mediaheap
