// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Giving memory back: what is idle, and all of it.
#include <cerrno>
#include <string>
#include <sys/stat.h>
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

class TrimDestroyTest : public HeapTest, public testing::WithParamInterface<const char*> {
protected:
    TrimDestroyTest() {
        fake.addUdmabuf();
        fake.addDmaHeap("system");
        heap = open(string);
    }
    ~TrimDestroyTest() override { EXPECT_EQ(fake.punchedUnderBuffers(), 0u); }

    const std::string string = GetParam() + std::string(",size=1M");
    std::shared_ptr<Heap> heap;
};

INSTANTIATE_TEST_SUITE_P(Sources, TrimDestroyTest,
                         testing::Values("memfd", "udmabuf", "dma-heap:system", "simulated"),
                         [](const auto& row) {
                             const std::string name = row.param;
                             return name.substr(name.find(':') + 1);
                         });

// ---- trim()

TEST_P(TrimDestroyTest, TrimsNothingOfAHeapThatWasNotUsed) { EXPECT_EQ(heap->trim(), 0u); }

TEST_P(TrimDestroyTest, TrimsCachedMemoryAndSaysHowMuch) {
    {
        const Block first = allocate(heap, 4 * page);
        const Block second = allocate(heap, 2 * page);
        fill(first, 1);
        fill(second, 2);
    }
    EXPECT_EQ(heap->trim(), 6 * page);
    EXPECT_EQ(heap->stats().cached, 0u);
    EXPECT_EQ(heap->trim(), 0u) << "there is nothing left to give back";
    EXPECT_EQ(faults.mappingsLeft(), "");
    must(heap->validate());
}

TEST_P(TrimDestroyTest, TrimsNothingThatIsInUse) {
    const Block block = allocate(heap, 4 * page);
    fill(block, 1);
    allocate(heap, 2 * page).reset();
    EXPECT_EQ(heap->trim(), 2 * page);
    EXPECT_TRUE(isFilledWith(block, 1));
}

TEST_P(TrimDestroyTest, HandsOutZeroedMemoryAfterATrim) {
    const uint64_t client = Heap::newClient();
    {
        const Block block = allocate(heap, 4 * page, ofClient(client));
        fill(block, 0xee);
    }
    heap->trim();
    EXPECT_TRUE(isFilledWith(allocate(heap, 4 * page, ofClient(client)), 0));
}

class TrimArenaTest : public HeapTest {};

TEST_F(TrimArenaTest, GivesThePagesOfTheArenaBackToTheSystem) {
    fake.addUdmabuf();
    const auto heap = open("udmabuf,size=1M,cache=0");
    Block first = allocate(heap, 64 * page);
    const Block second = allocate(heap, 64 * page);
    fill(first, 1);
    fill(second, 2);
    test::FakeImporter window = fake.import(second.fd());
    const auto arenaBlocks = [&window] {
        struct ::stat status {};
        EXPECT_EQ(::fstat(window.pages(), &status), 0);
        return static_cast<uint64_t>(status.st_blocks) * 512;
    };
    EXPECT_EQ(arenaBlocks(), 128 * page);
    first.reset();
    EXPECT_EQ(arenaBlocks(), 128 * page) << "an arena keeps its pages";
    EXPECT_EQ(heap->trim(), 64 * page);
    EXPECT_EQ(arenaBlocks(), 64 * page);
    EXPECT_TRUE(isFilledWith(second, 2));
    window.detach();
}

// ---- destroy()

TEST_P(TrimDestroyTest, RefusesToDestroyAHeapWithLiveBlocksAndNamesThem) {
    const Block camera = allocate(heap, page, named("camera"));
    const Block display = allocate(heap, page, named("display"));
    const Result<void> destroyed = heap->destroy();
    ASSERT_FALSE(destroyed.ok());
    EXPECT_EQ(destroyed.error().code, EBUSY);
    EXPECT_THAT(destroyed.error().message(), AllOf(HasSubstr("2 blocks"), HasSubstr("'camera'"),
                                                   HasSubstr("'display'"), HasSubstr(string)));
    EXPECT_NE(destroyed.error().remedy, "");
    EXPECT_FALSE(heap->isDestroyed());
    fill(camera, 1);
    EXPECT_TRUE(allocate(heap, page).isValid()) << "it goes on as before";
}

TEST_P(TrimDestroyTest, RefusesAllocationAfterwardsUntilOpenedAnew) {
    allocate(heap, page).reset();
    must(heap->destroy());
    EXPECT_TRUE(heap->isDestroyed());
    const Result<Block> block = heap->allocate(page);
    ASSERT_FALSE(block.ok());
    EXPECT_EQ(block.error().code, ENODEV);
    EXPECT_THAT(block.error().message(), HasSubstr(string));
    EXPECT_NE(block.error().remedy, "");

    const auto anew = open(string);
    EXPECT_NE(anew, heap);
    EXPECT_TRUE(allocate(anew, page).isValid());
    EXPECT_EQ(heap->allocate(page).error().code, ENODEV) << "the old one stays destroyed";
}

TEST_P(TrimDestroyTest, GivesEverythingBack) {
    {
        const Block block = allocate(heap, 4 * page);
        fill(block, 1);
    }
    must(heap->destroy());
    EXPECT_EQ(fake.liveBuffers(), 0u);
    EXPECT_EQ(faults.mappingsLeft(), "");
    const Stats stats = heap->stats();
    EXPECT_EQ(stats.used, 0u);
    EXPECT_EQ(stats.cached, 0u);
    EXPECT_EQ(stats.blocks, 0u);
}

TEST_P(TrimDestroyTest, MayBeDestroyedTwice) {
    must(heap->destroy());
    EXPECT_TRUE(heap->destroy().ok());
    EXPECT_EQ(heap->trim(), 0u);
    must(heap->validate());
    EXPECT_NE(heap->report(ReportFormat::Text), "");
    EXPECT_NE(heap->report(ReportFormat::Json), "");
}

TEST_P(TrimDestroyTest, CanBeDestroyedOnceTheBlocksAreGone) {
    Block block = allocate(heap, page);
    EXPECT_EQ(heap->destroy().error().code, EBUSY);
    block.reset();
    must(heap->destroy());
}

} // namespace
} // namespace mediaheap
