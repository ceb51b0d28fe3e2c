// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Heaps of ArtInChip's MPP heap.
#include <cerrno>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "captured_log.h"
#include "heap_test.h"

namespace mediaheap {
namespace {

using test::HeapTest;
using test::must;
using testing::AllOf;
using testing::HasSubstr;

class MppHeapTest : public HeapTest {
protected:
    MppHeapTest() {
        fake.addDmaHeap("mpp");
        fake.knowsPhysical = true;
        fake.knowsDestroy = true;
    }
};

TEST_F(MppHeapTest, GivesTheTruePhysicalAddresses) {
    const auto heap = open("mpp,size=1M,base=0x1000");
    EXPECT_FALSE(heap->addressesAreLabels());
    EXPECT_TRUE(heap->isContiguous());
    EXPECT_TRUE(heap->isDmaBuf());
    const Block first = allocate(heap, 3 * page, named("first"));
    const Block second = allocate(heap, page, named("second"));
    EXPECT_EQ(first.address(), 0x40000000u);
    EXPECT_EQ(second.address(), 0x40000000u + 3 * page);
    EXPECT_THAT(heap->report(ReportFormat::Text), HasSubstr("phys(0x40000000"));
    const auto report = nlohmann::json::parse(heap->report(ReportFormat::Json));
    EXPECT_EQ(report["addresses"], "physical");
    EXPECT_EQ(report["zones"][0]["blocks"][1]["address"], second.address());
}

TEST_F(MppHeapTest, GivesLabelsWhereTheKernelTellsNoAddresses) {
    fake.knowsPhysical = false;
    const auto heap = open("mpp,size=1M,base=0x1000");
    EXPECT_TRUE(heap->addressesAreLabels());
    EXPECT_EQ(allocate(heap, page).address(), 0x1000u);
    EXPECT_THAT(heap->report(ReportFormat::Json), HasSubstr("labels"));
}

TEST_F(MppHeapTest, ClearsWhatTheHeapGivesOutAsItWas) {
    const auto heap = open("mpp,size=1M");
    EXPECT_TRUE(isFilledWith(allocate(heap, page), 0));
    EXPECT_EQ(heap->stats().recycled, 0u);
    EXPECT_GE(fake.syncCalls().size(), 2u) << "and writes the zeros out of the caches";
}

TEST_F(MppHeapTest, IsNotDestroyedWhileBlocksLive) {
    const auto heap = open("mpp,size=1M");
    Block block = allocate(heap, page, named("preview"));
    const Result<void> destroyed = heap->destroy();
    EXPECT_EQ(destroyed.error().code, EBUSY);
    EXPECT_THAT(destroyed.error().message(), HasSubstr("preview"));
    EXPECT_TRUE(heap->allocate(page).ok());
}

TEST_F(MppHeapTest, IsNotDestroyedWhileAnotherProcessHasMemory) {
    const auto heap = open("mpp,size=1M");
    const auto other = open("mpp,size=1M,zone=other");
    const Block theirs = allocate(other, page);
    const Result<void> destroyed = heap->destroy();
    EXPECT_EQ(destroyed.error().code, EBUSY);
    EXPECT_THAT(destroyed.error().message(), HasSubstr("another process"));
    EXPECT_FALSE(heap->isDestroyed());
    EXPECT_TRUE(heap->allocate(page).ok());
}

TEST_F(MppHeapTest, GivesTheReserveBackUntilReboot) {
    const test::CapturedLog log;
    const auto heap = open("mpp,size=1M");
    { const Block kept = allocate(heap, page); }
    ASSERT_GT(heap->stats().cached, 0u);
    must(heap->destroy());
    EXPECT_THAT(log.text(LogLevel::Info), HasSubstr("until the machine reboots"));
    const Error error = heap->allocate(page).error();
    EXPECT_EQ(error.code, ENODEV);
    EXPECT_THAT(error.message(), HasSubstr("reboot"));
    const Error anew = Heap::open("mpp,size=1M").error();
    EXPECT_EQ(anew.code, ENODEV);
    EXPECT_THAT(anew.message(), AllOf(HasSubstr("/dev/dma_heap/mpp"), HasSubstr("reboot")));
}

TEST_F(MppHeapTest, IsOpenedAnewWhereTheKernelCouldOnlyCloseIt) {
    fake.knowsDestroy = false;
    const auto heap = open("mpp,size=1M");
    must(heap->destroy());
    EXPECT_THAT(heap->allocate(page).error().message(), HasSubstr("open it anew"));
    EXPECT_TRUE(open("mpp,size=1M")->allocate(page).ok());
}

TEST_F(MppHeapTest, StaysWhatItIsWhenDestroyingFails) {
    const auto heap = open("mpp,size=1M");
    faults.failFrom(test::Call::Ioctl, 1, EIO);
    EXPECT_EQ(heap->destroy().error().code, EIO);
    faults.clearFaults();
    EXPECT_TRUE(heap->allocate(page).ok());
    must(heap->validate());
}

TEST_F(MppHeapTest, SyncsPartsWhereTheKernelCan) {
    fake.knowsSyncRange = true;
    const auto heap = open("mpp,size=1M");
    const Block block = allocate(heap, 4 * page);
    fake.forgetSyncCalls();
    must(must(block.map(Access::Write, page, 100)).end());
    ASSERT_EQ(fake.syncCalls().size(), 2u);
    EXPECT_TRUE(fake.syncCalls()[1].isPart);
    EXPECT_EQ(fake.syncCalls()[1].offset, page);
    EXPECT_EQ(fake.syncCalls()[1].size, 128u);
}

TEST_F(MppHeapTest, IsAFacilityOfEachNode) {
    fake.addHeapNode("/dev/dmabuf/mpp");
    EXPECT_EQ(open("mpp:dmabuf/mpp,size=1M")->description(), "mpp:dmabuf/mpp,size=1M");
    for (const char* const wrong :
         {"mpp:", "mpp:/mpp", "mpp:a/../b", "mpp:a/b/c", "mpp:../x", "dma-heap:a/b", "mmz:a/b"})
        EXPECT_EQ(Heap::open(wrong).error().code, EINVAL) << wrong;
}

} // namespace
} // namespace mediaheap
