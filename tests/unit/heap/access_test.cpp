// SPDX-License-Identifier: LGPL-2.1-or-later
//
// CPU access to blocks: mappings, their syncs, and what happens when those fail.
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <linux/dma-buf.h>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "captured_log.h"
#include "heap_test.h"

namespace mediaheap {
namespace {

using test::CapturedLog;
using test::HeapTest;
using test::must;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t startRead = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ;
constexpr uint64_t startWrite = DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE;
constexpr uint64_t startBoth = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW;
constexpr uint64_t endRead = DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ;
constexpr uint64_t endWrite = DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE;
constexpr uint64_t endBoth = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;

class AccessTest : public HeapTest {
protected:
    AccessTest() {
        fake.addUdmabuf();
        heap = open("udmabuf,size=1M");
        block = allocate(heap, 4 * page, named("frame"));
        fake.forgetSyncCalls();
    }

    std::vector<uint64_t> calls() { return fake.syncFlags(block.fd()); }

    std::shared_ptr<Heap> heap;
    Block block;
};

TEST_F(AccessTest, StartsWithTheMappingAndEndsWithIt) {
    {
        const Mapping mapping = must(block.map(Access::Write));
        EXPECT_TRUE(mapping.isValid());
        EXPECT_EQ(mapping.data(), block.data());
        EXPECT_EQ(mapping.size(), 4 * page);
        EXPECT_EQ(mapping.access(), Access::Write);
        EXPECT_THAT(calls(), ElementsAre(startWrite));
    }
    EXPECT_THAT(calls(), ElementsAre(startWrite, endWrite));
}

TEST_F(AccessTest, StaysMappedBetweenAccesses) {
    void* const address = block.data();
    const size_t mappings = faults.liveMappings();
    fill(block, 1);
    EXPECT_TRUE(isFilledWith(block, 1));
    EXPECT_EQ(block.data(), address);
    EXPECT_EQ(faults.liveMappings(), mappings);
}

TEST_F(AccessTest, SyncsOnceForNestedMappings) {
    {
        const Mapping outer = must(block.map(Access::ReadWrite));
        const Mapping inner = must(block.map(Access::Read));
        const Mapping plane = must(block.map(Access::Write));
    }
    EXPECT_THAT(calls(), ElementsAre(startBoth, endBoth));
    EXPECT_EQ(heap->stats().syncs, 2u);
    EXPECT_EQ(heap->stats().syncsSaved, 4u);
}

TEST_F(AccessTest, UpgradesWhenAWriteJoinsARead) {
    Mapping reader = must(block.map(Access::Read));
    Mapping writer = must(block.map(Access::Write));
    must(reader.end());
    must(writer.end());
    EXPECT_THAT(calls(), ElementsAre(startRead, startBoth, endBoth));
}

TEST_F(AccessTest, CountsMappingsAndManualAccessesTogether) {
    must(block.beginAccess(Access::Read));
    { const Mapping mapping = must(block.map(Access::Read)); }
    EXPECT_THAT(calls(), ElementsAre(startRead));
    must(block.endAccess());
    EXPECT_THAT(calls(), ElementsAre(startRead, endRead));
    EXPECT_EQ(block.endAccess().error().code, EINVAL);
}

TEST_F(AccessTest, SyncsBlocksApart) {
    const Block other = allocate(heap, page);
    const Mapping first = must(block.map(Access::Read));
    const Mapping second = must(other.map(Access::Write));
    EXPECT_THAT(fake.syncFlags(block.fd()), ElementsAre(startRead));
    EXPECT_THAT(fake.syncFlags(other.fd()), ElementsAre(startWrite));
}

TEST_F(AccessTest, SyncsNothingForMemoryThatNoHardwareSees) {
    const auto standIn = open("memfd,size=1M");
    const Block plain = allocate(standIn, page);
    fill(plain, 1);
    EXPECT_THAT(fake.syncCalls(), IsEmpty());
    EXPECT_EQ(standIn->stats().syncs, 0u);
}

TEST_F(AccessTest, KeepsMappingsOutOfForkedChildren) {
    // A child's copy would count as a holder for as long as the child lives.
    std::ifstream maps("/proc/self/smaps");
    char start[32];
    std::snprintf(start, sizeof start, "%zx-", reinterpret_cast<size_t>(block.data()));
    std::string line;
    while (std::getline(maps, line) && line.rfind(start, 0) != 0) {
    }
    while (std::getline(maps, line) && line.rfind("VmFlags:", 0) != 0) {
    }
    EXPECT_THAT(line, HasSubstr(" dc")) << "do not copy on fork: proc(5)";
}

// ---- Mapping as an object.

TEST_F(AccessTest, EndsWhatAnAssignmentReplaces) {
    const Block other = allocate(heap, page);
    fake.forgetSyncCalls();
    Mapping mapping = must(block.map(Access::Read));
    mapping = must(other.map(Access::Write));
    EXPECT_THAT(calls(), ElementsAre(startRead, endRead));
    EXPECT_THAT(fake.syncFlags(other.fd()), ElementsAre(startWrite));
    EXPECT_EQ(mapping.access(), Access::Write);
}

TEST_F(AccessTest, MovesWithoutASync) {
    Mapping first = must(block.map(Access::Read));
    Mapping second = std::move(first);
    EXPECT_FALSE(first.isValid());
    EXPECT_EQ(first.data(), nullptr);
    EXPECT_EQ(first.size(), 0u);
    EXPECT_TRUE(first.end().ok()) << "nothing to end";
    EXPECT_THAT(calls(), ElementsAre(startRead));
    Mapping& same = second;
    second = std::move(same);
    EXPECT_TRUE(second.isValid());
    must(second.end());
    EXPECT_TRUE(second.end().ok());
    EXPECT_THAT(calls(), ElementsAre(startRead, endRead));
}

TEST_F(AccessTest, KeepsTheMemoryOfABlockThatWasDropped) {
    const CapturedLog log;
    Mapping mapping = must(block.map(Access::Write));
    const int fd = block.fd();
    block.reset();
    EXPECT_THAT(log.text(), HasSubstr("frame"));
    EXPECT_EQ(heap->stats().blocks, 1u);
    static_cast<char*>(mapping.data())[0] = 1;
    EXPECT_EQ(heap->destroy().error().code, EBUSY);
    must(mapping.end());
    EXPECT_THAT(fake.syncFlags(fd), ElementsAre(startWrite, endWrite));
    EXPECT_EQ(heap->stats().blocks, 0u);
}

TEST_F(AccessTest, EndsAccessesLeftOpenByABlockThatGoes) {
    const CapturedLog log;
    must(block.beginAccess(Access::Write));
    must(block.beginAccess(Access::Read));
    const auto identity = test::FakeKernel::identityOf(block.fd());
    block.reset();
    EXPECT_THAT(log.text(), AllOf(HasSubstr("frame"), HasSubstr("2 CPU accesses")));
    EXPECT_EQ(fake.syncCalls().back().buffer, identity);
    EXPECT_EQ(fake.syncCalls().back().flags, endBoth);
}

// ---- Failures.

TEST_F(AccessTest, RestartsInterruptedSyncsAndGetsTheDataRight) {
    for (const int error : {EINTR, EAGAIN}) {
        fake.failSync(DMA_BUF_SYNC_START, error, 5);
        fake.failSync(DMA_BUF_SYNC_END, error, 5);
        const auto value = static_cast<uint8_t>(error);
        fill(block, value);
        EXPECT_TRUE(isFilledWith(block, value));
    }
}

TEST_F(AccessTest, FailsTheMapWhenTheStartFailsAndLeavesNothingOpen) {
    fake.failSync(DMA_BUF_SYNC_START, EIO);
    const Result<Mapping> mapping = block.map(Access::Read);
    ASSERT_FALSE(mapping.ok());
    EXPECT_EQ(mapping.error().code, EIO);
    EXPECT_THAT(mapping.error().message(),
                AllOf(HasSubstr("'udmabuf,size=1M'"), HasSubstr("'frame'"), HasSubstr("START")));
    EXPECT_EQ(block.endAccess().error().code, EINVAL) << "an access was left open";
    EXPECT_THAT(calls(), IsEmpty()) << "an END without a START";
    fill(block, 1);
    EXPECT_TRUE(isFilledWith(block, 1));
}

TEST_F(AccessTest, ReportsAFailedEndAndClosesAllTheSame) {
    Mapping mapping = must(block.map(Access::Write));
    fake.failSync(DMA_BUF_SYNC_END, EIO);
    const Result<void> ended = mapping.end();
    ASSERT_FALSE(ended.ok());
    EXPECT_EQ(ended.error().code, EIO);
    EXPECT_THAT(ended.error().message(), HasSubstr("END"));
    EXPECT_FALSE(mapping.isValid());
    EXPECT_EQ(block.endAccess().error().code, EINVAL);
}

TEST_F(AccessTest, LogsAFailedEndThatNobodyAskedAbout) {
    const CapturedLog log;
    {
        const Mapping mapping = must(block.map(Access::Write));
        fake.failSync(DMA_BUF_SYNC_END, EIO);
    }
    EXPECT_THAT(log.text(), AllOf(HasSubstr("frame"), HasSubstr("EIO")));
}

TEST_F(AccessTest, MapsForReadingWhereTheSystemAllowsNoMore) {
    fake.refuseWritableMappings = true;
    const Block readable = allocate(heap, page);
    EXPECT_TRUE(isFilledWith(readable, 0));
    const Result<Mapping> writing = readable.map(Access::Write);
    ASSERT_FALSE(writing.ok());
    EXPECT_EQ(writing.error().code, EACCES);
    EXPECT_NE(writing.error().remedy, "");
    EXPECT_EQ(readable.map(Access::ReadWrite).error().code, EACCES);
    EXPECT_THAT(fake.syncFlags(readable.fd()), ElementsAre(startRead, endRead));
}

TEST_F(AccessTest, KeepsGivingMemoryThatCanOnlyBeRead) {
    fake.refuseWritableMappings = true;
    fake.addDmaHeap("system");
    const auto fresh = open("dma-heap:system,size=1M");
    for (int n = 0; n < 3; ++n)
        EXPECT_TRUE(isFilledWith(allocate(fresh, page), 0)) << n;
}

TEST_F(AccessTest, GivesNobodyMemoryThatItCannotClear) {
    fill(block, 0xee);
    block.reset();
    heap.reset();
    heap = open("udmabuf,size=1M,cache=0");
    { fill(allocate(heap, page), 0xee); }
    fake.refuseWritableMappings = true;
    const Result<Block> dirty = heap->allocate(page);
    ASSERT_FALSE(dirty.ok());
    EXPECT_EQ(dirty.error().code, EACCES);
    heap->trim();
    EXPECT_TRUE(isFilledWith(allocate(heap, page), 0)) << "the system has cleared it";
}

// ---- Threads.

TEST_F(AccessTest, LetsThreadsMapOneBlockAtOnce) {
    std::vector<std::thread> threads;
    for (unsigned id = 0; id < 4; ++id) {
        threads.emplace_back([this, id] {
            auto* const mine = static_cast<uint8_t*>(block.data()) + id * page;
            for (unsigned n = 0; n < 500; ++n) {
                Mapping writing = must(block.map(Access::Write));
                mine[n % page] = static_cast<uint8_t>(n);
                must(writing.end());
                Mapping reading = must(block.map(Access::Read));
                if (mine[n % page] != static_cast<uint8_t>(n))
                    ADD_FAILURE() << "another thread's data";
                must(reading.end());
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(block.endAccess().error().code, EINVAL) << "an access was left open";
    EXPECT_EQ(heap->stats().syncs, fake.syncCalls().size());
}

} // namespace
} // namespace mediaheap
