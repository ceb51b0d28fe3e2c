// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Blocks: what differs from source to source, and from machine to machine.
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heap_test.h"

namespace mediaheap {
namespace {

using test::HeapTest;
using test::must;
using testing::AllOf;
using testing::HasSubstr;

class AllocateFromTest : public HeapTest {};

class PageSizeTest : public HeapTest, public testing::WithParamInterface<size_t> {};

INSTANTIATE_TEST_SUITE_P(Machines, PageSizeTest, testing::Values(4096, 16384, 65536));

TEST_P(PageSizeTest, IsTheGrainOfEverything) {
    const size_t grain = GetParam();
    fake.machinePageSize = grain;
    fake.addUdmabuf();
    fake.addDmaHeap("system");
    for (const char* const source : {"memfd", "udmabuf", "dma-heap:system"}) {
        const auto heap = open(source + std::string(",size=1000001"));
        EXPECT_EQ(heap->stats().size % grain, 0u);
        Block first = allocate(heap, 1);
        const Block second = allocate(heap, grain + 1);
        EXPECT_EQ(first.size(), grain);
        EXPECT_EQ(second.size(), 2 * grain);
        EXPECT_EQ(second.address(), grain);
        fill(first, 1);
        fill(second, 2);
        first.reset();
        EXPECT_TRUE(isFilledWith(allocate(heap, grain), 0));
        EXPECT_TRUE(isFilledWith(second, 2));
        heap->trim();
        must(heap->validate());
        EXPECT_EQ(Heap::open(heap->description() + ",base=4097").error().code, EBUSY);
    }
    EXPECT_EQ(Heap::open("memfd,size=1M,zone=b,base=" + std::to_string(grain / 2)).error().code,
              EINVAL);
}

TEST_F(AllocateFromTest, MemfdSealsItsBlocksAgainstShrinkingAndGrowing) {
    const Block block = allocate(open("memfd,size=1M"), page);
    constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW;
    EXPECT_EQ(::fcntl(block.fd(), F_GET_SEALS) & (seals | F_SEAL_WRITE), seals);
    EXPECT_NE(::ftruncate(block.fd(), 0), 0);
    EXPECT_NE(::ftruncate(block.fd(), static_cast<off_t>(2 * page)), 0);
}

TEST_F(AllocateFromTest, MemfdIsNeverRefusedForFragmentation) {
    const auto heap = open("memfd,size=1M");
    std::vector<Block> blocks;
    for (size_t n = 0; n < (1u << 20) / page; ++n)
        blocks.push_back(allocate(heap, page));
    for (size_t n = 0; n < blocks.size(); n += 2)
        blocks[n].reset();
    EXPECT_EQ(heap->stats().largestFree, 512u << 10);
    EXPECT_EQ(allocate(heap, 512u << 10).size(), 512u << 10);
    must(heap->validate());
}

TEST_F(AllocateFromTest, UdmabufSaysWhenMemoryIsFreeButNotInOnePiece) {
    fake.addUdmabuf();
    const auto heap = open("udmabuf,size=1M");
    std::vector<Block> blocks;
    for (size_t n = 0; n < (1u << 20) / page; ++n)
        blocks.push_back(allocate(heap, page, named("small")));
    for (size_t n = 0; n < blocks.size(); n += 2)
        blocks[n].reset();
    EXPECT_EQ(heap->stats().largestFree, page);
    const Result<Block> block = heap->allocate(2 * page);
    ASSERT_FALSE(block.ok());
    EXPECT_EQ(block.error().code, ENOMEM);
    EXPECT_THAT(block.error().message(),
                AllOf(HasSubstr("512 KiB of 1024 KiB free"), HasSubstr("in one piece"),
                      HasSubstr("'small' 512 KiB in 128 blocks")));
}

TEST_F(AllocateFromTest, UdmabufPlacesByBestFit) {
    fake.addUdmabuf();
    const auto heap = open("udmabuf,size=1M,base=0x44000000,cache=0");
    Block a = allocate(heap, 8 * page);
    const Block b = allocate(heap, page);
    Block c = allocate(heap, 4 * page);
    const Block d = allocate(heap, page);
    EXPECT_EQ(d.address(), 0x44000000 + 13 * page);
    a.reset();
    c.reset();
    EXPECT_EQ(allocate(heap, 3 * page).address(), 0x44000000 + 9 * page) << "the smallest gap";
    EXPECT_EQ(allocate(heap, 5 * page).address(), 0x44000000u);
}

TEST_F(AllocateFromTest, UdmabufRefusesMoreThanItsLimitInOnePiece) {
    fake.addUdmabuf();
    fake.udmabufLimitMiB = 1;
    const auto heap = open("udmabuf,size=4M");
    const Result<Block> block = heap->allocate((1u << 20) + 1);
    ASSERT_FALSE(block.ok());
    EXPECT_THAT(block.error().message(), AllOf(HasSubstr("1024 KiB"), HasSubstr("size_limit_mb")));
    EXPECT_EQ(allocate(heap, 1u << 20).size(), 1u << 20);
    EXPECT_EQ(heap->stats().largestFree, 1u << 20);
}

TEST_F(AllocateFromTest, UdmabufReservesAllOfItsArenaAtOpenWhereAsked) {
    fake.addUdmabuf();
    faults.resetCounts();
    open("udmabuf,size=1M");
    EXPECT_EQ(faults.calls(test::Call::AllocateRange), 0u);
    open("udmabuf,size=1M,prefault=1,zone=b");
    EXPECT_EQ(faults.calls(test::Call::AllocateRange), 1u);
}

TEST_F(AllocateFromTest, DmaHeapSaysHowMuchMemoryTheSystemHas) {
    fake.addDmaHeap("reserved");
    fake.dmaHeapMemory = 64u << 10;
    fake.files["/proc/meminfo"] = "CmaTotal: 65536 kB\nCmaFree: 64 kB\n";
    const auto heap = open("dma-heap:reserved,size=1M");
    const Result<Block> block = heap->allocate(128u << 10);
    ASSERT_FALSE(block.ok());
    EXPECT_EQ(block.error().code, ENOMEM);
    EXPECT_THAT(block.error().message(), HasSubstr("CmaFree"));
    EXPECT_EQ(heap->stats().used, 0u);
}

TEST_F(AllocateFromTest, CmaHeapHonoursContiguous) {
    fake.addDmaHeap("linux,cma");
    AllocOptions options;
    options.contiguous = true;
    EXPECT_TRUE(allocate(open("dma-heap:linux,cma,size=1M"), page, options).isValid());
}

} // namespace
} // namespace mediaheap
