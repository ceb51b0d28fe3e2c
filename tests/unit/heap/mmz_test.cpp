// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Heaps of HiSilicon's media memory, which has no descriptors.
#include <cerrno>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heap_test.h"

namespace mediaheap {
namespace {

using test::Call;
using test::HeapTest;
using test::must;
using testing::AllOf;
using testing::HasSubstr;

class MmzHeapTest : public HeapTest {
protected:
    MmzHeapTest() { fake.addMmz("anonymous", 256 * page); }
    ~MmzHeapTest() override { EXPECT_EQ(fake.mmz.blocks(), 0u); }
};

TEST_F(MmzHeapTest, GivesMemoryByItsPhysicalAddress) {
    const auto heap = open("mmz,size=512K");
    EXPECT_FALSE(heap->isDmaBuf());
    EXPECT_FALSE(heap->hasDescriptors());
    EXPECT_TRUE(heap->isContiguous());
    EXPECT_FALSE(heap->addressesAreLabels());
    const uint64_t next = fake.mmz.nextAddress;
    const Block block = allocate(heap, 2 * page, named("raw"));
    EXPECT_EQ(block.address(), next);
    EXPECT_TRUE(isFilledWith(block, 0)) << "though the driver clears nothing";
    fill(block, 7);
    EXPECT_TRUE(isFilledWith(block, 7));
    EXPECT_THAT(heap->report(ReportFormat::Text), HasSubstr("name=\"raw\""));
    must(heap->validate());
}

TEST_F(MmzHeapTest, HasNoDescriptorAndSaysWhy) {
    const auto heap = open("mmz,size=512K");
    const Block block = allocate(heap, page, named("raw"));
    EXPECT_EQ(block.fd(), -1);
    const Result<UniqueFd> fd = block.exportFd();
    ASSERT_FALSE(fd.ok());
    EXPECT_EQ(fd.error().code, EOPNOTSUPP);
    EXPECT_THAT(fd.error().message(),
                AllOf(HasSubstr("'raw'"), HasSubstr("physical address"), HasSubstr("mmz")));
    EXPECT_EQ(block.exportFence(Access::Read).error().code, EOPNOTSUPP);
    EXPECT_EQ(Heap::open("mmz,require=dmabuf,zone=z").error().code, EOPNOTSUPP);
}

TEST_F(MmzHeapTest, FlushesWhatWasTouchedOfCachedMemory) {
    const auto heap = open("mmz,size=512K");
    const Block block = allocate(heap, 4 * page);
    fake.mmz.flushes.clear();
    must(must(block.map(Access::Write, page + 10, 20)).end());
    ASSERT_EQ(fake.mmz.flushes.size(), 2u);
    for (const auto& flush : fake.mmz.flushes) {
        EXPECT_EQ(flush.offset, page);
        EXPECT_EQ(flush.size, 64u);
    }
    EXPECT_EQ(heap->stats().bytesSynced, 2 * 64 + 2 * 4 * page);
}

TEST_F(MmzHeapTest, FlushesNothingOfUncachedMemory) {
    const auto heap = open("mmz,size=512K,cached=0");
    EXPECT_FALSE(heap->isCached());
    const Block block = allocate(heap, page);
    EXPECT_FALSE(block.isCached());
    fill(block, 1);
    AllocOptions options;
    options.cached = true;
    const Block other = allocate(heap, page, options);
    EXPECT_TRUE(other.isCached());
    EXPECT_EQ(fake.mmz.uncachedMappings, 1u);
    EXPECT_EQ(block.syncStats().issued, 0u);
    EXPECT_GT(other.syncStats().issued, 0u);
}

TEST_F(MmzHeapTest, WaitsForFencesOfDevices) {
    const auto heap = open("mmz,size=512K,wait=20");
    const Block block = allocate(heap, page);
    const int fence = faults.eventFd();
    ASSERT_GE(fence, 0);
    must(block.importFence(UniqueFd(fence), Access::Write));
    EXPECT_FALSE(block.isIdle(Access::Read));
    EXPECT_EQ(block.beginAccess(Access::Read).error().code, ETIMEDOUT);
}

TEST_F(MmzHeapTest, KeepsFreedMemoryMapped) {
    const auto heap = open("mmz,size=512K");
    const uint64_t client = Heap::newClient();
    uint64_t address = 0;
    {
        const Block block = allocate(heap, 4 * page, ofClient(client));
        address = block.address();
        fill(block, 9);
    }
    const Block again = allocate(heap, 4 * page, ofClient(client));
    EXPECT_EQ(again.address(), address);
    EXPECT_EQ(heap->stats().recycled, 1u);
    EXPECT_TRUE(isFilledWith(again, 9)) << "it is the same client's";
    EXPECT_GE(fake.mmz.blocks(), 1u);
    EXPECT_EQ(heap->trim(), 0u);
}

TEST_F(MmzHeapTest, HonoursTheAlignmentOfTheAddress) {
    const auto heap = open("mmz,size=512K");
    AllocOptions options;
    options.alignment = page;
    fake.mmz.nextAddress += page;
    EXPECT_EQ(allocate(heap, page, options).address() % page, 0u);
}

TEST_F(MmzHeapTest, RefusesAnAlignmentThatTheDriversMappingDoesNotHave) {
    const auto heap = open("mmz,size=512K");
    fake.mmz.mapsOddly = true;
    AllocOptions options;
    options.alignment = 16 * page;
    const Error error = heap->allocate(page, options).error();
    EXPECT_EQ(error.code, EOPNOTSUPP);
    EXPECT_THAT(error.message(), HasSubstr("multiple of"));
    EXPECT_EQ(heap->stats().used, 0u);
}

TEST_F(MmzHeapTest, CatchesStrayAccessesLikeAnyOther) {
    const auto heap = open("mmz,size=512K,sanitize=1,stray=report");
    const Block block = allocate(heap, page);
    EXPECT_EQ(heap->stats().strayAccesses, 0u);
    static_cast<volatile char*>(block.data())[0] = 1;
    EXPECT_EQ(heap->stats().strayAccesses, 1u);
}

TEST_F(MmzHeapTest, IsDestroyedAndOpenedAnew) {
    const auto heap = open("mmz,size=512K");
    { const Block block = allocate(heap, page); }
    must(heap->destroy());
    EXPECT_EQ(fake.mmz.blocks(), 0u);
    EXPECT_EQ(heap->allocate(page).error().code, ENODEV);
    EXPECT_TRUE(open("mmz,size=512K")->allocate(page).ok());
}

TEST_F(MmzHeapTest, LeavesNothingBehindWhateverFails) {
    const auto heap = open("mmz,size=512K,cache=0");
    uint64_t ordinal = 1;
    for (;; ++ordinal) {
        faults.failNth(ordinal, EIO);
        const Result<Block> block = heap->allocate(page);
        if (faults.fired().empty())
            break;
        faults.clearFaults();
    }
    EXPECT_GT(ordinal, 3u);
    must(heap->validate());
    EXPECT_EQ(heap->stats().used, 0u);
    EXPECT_EQ(fake.mmz.blocks(), 0u);
}

} // namespace
} // namespace mediaheap
