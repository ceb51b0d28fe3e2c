// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The cache of freed blocks: what comes out of it, what it may hold, and who sees whose memory.
#include <cerrno>
#include <string>
#include <sys/resource.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "heap_test.h"

namespace mediaheap {
namespace {

using test::FakeImporter;
using test::FakeKernel;
using test::HeapTest;
using test::must;

class RecyclingTest : public HeapTest, public testing::WithParamInterface<const char*> {
protected:
    RecyclingTest() {
        fake.addUdmabuf();
        fake.addDmaHeap("system");
    }

    std::shared_ptr<Heap> openWith(const std::string& keys) {
        return open(GetParam() + std::string(",") + keys);
    }

    /// Allocates and frees; the identity that the block had.
    uint64_t passing(const std::shared_ptr<Heap>& heap, size_t size, uint64_t client = 0) {
        const Block block = allocate(heap, size, ofClient(client));
        return FakeKernel::identityOf(block.fd());
    }
};

INSTANTIATE_TEST_SUITE_P(Sources, RecyclingTest,
                         testing::Values("memfd", "udmabuf", "dma-heap:system", "simulated"),
                         [](const auto& row) {
                             const std::string name = row.param;
                             return name.substr(name.find(':') + 1);
                         });

// ---- Reuse.

TEST_P(RecyclingTest, HandsAFreedBlockOutAgain) {
    const auto heap = openWith("size=1M");
    const uint64_t first = passing(heap, 4 * page);
    EXPECT_EQ(heap->stats().cached, 4 * page);
    EXPECT_EQ(heap->stats().used, 0u);
    const Block again = allocate(heap, 4 * page);
    EXPECT_EQ(FakeKernel::identityOf(again.fd()), first);
    EXPECT_EQ(heap->stats().cached, 0u);
    EXPECT_EQ(heap->stats().recycled, 1u);
    EXPECT_EQ(heap->stats().allocations, 2u);
}

TEST_P(RecyclingTest, CostsNoSystemCallForTheSameClientsMemory) {
    const auto heap = openWith("size=1M");
    passing(heap, 4 * page, 7);
    faults.resetCounts();
    const Block again = allocate(heap, 4 * page, ofClient(7));
    EXPECT_EQ(faults.calls(test::Call::Map), 0u);
    EXPECT_EQ(faults.calls(test::Call::Ioctl), 0u);
    EXPECT_EQ(faults.calls(test::Call::MemfdCreate), 0u);
}

TEST_P(RecyclingTest, DoesNotStretchABlockToAnotherSize) {
    const auto heap = openWith("size=1M");
    const uint64_t first = passing(heap, 4 * page);
    const Block larger = allocate(heap, 5 * page);
    EXPECT_NE(FakeKernel::identityOf(larger.fd()), first);
    EXPECT_EQ(larger.size(), 5 * page);
    const Block smaller = allocate(heap, 3 * page);
    EXPECT_EQ(smaller.size(), 3 * page);
    fill(larger, 1);
    fill(smaller, 2);
    EXPECT_TRUE(isFilledWith(larger, 1));
    must(heap->validate());
}

TEST_P(RecyclingTest, RenamesABlockForItsNextUser) {
    const auto heap = openWith("size=1M");
    allocate(heap, page, named("camera")).reset();
    const Block second = allocate(heap, page, named("encoder"));
    EXPECT_EQ(second.name(), "encoder");
    EXPECT_EQ(fake.nameOf(second.fd()), heap->isDmaBuf() ? "encoder" : "");
}

TEST_P(RecyclingTest, DoesNotLeaveTheLastUsersNameOnABlockWithoutOne) {
    const auto heap = openWith("size=1M");
    allocate(heap, page, named("camera")).reset();
    const Block second = allocate(heap, page);
    EXPECT_EQ(second.name(), "");
    EXPECT_EQ(fake.nameOf(second.fd()), "");
}

TEST_P(RecyclingTest, HonoursTheAlignmentOfTheNextUser) {
    const auto heap = openWith("size=1M");
    passing(heap, page);
    AllocOptions options;
    options.alignment = 64 * page;
    const Block block = allocate(heap, page, options);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.data()) % options.alignment, 0u);
    EXPECT_EQ(block.address() % options.alignment, 0u);
}

// ---- Bounds.

TEST_P(RecyclingTest, KeepsNothingWithoutACache) {
    const auto heap = openWith("size=1M,cache=0");
    passing(heap, page);
    EXPECT_EQ(heap->stats().cached, 0u);
    EXPECT_EQ(faults.mappingsLeft(), "");
}

TEST_P(RecyclingTest, KeepsNoMoreThanItsBound) {
    const auto heap = openWith("size=1M,cache=" + std::to_string(8 * page));
    std::vector<Block> blocks;
    for (int n = 0; n < 6; ++n)
        blocks.push_back(allocate(heap, 3 * page));
    for (Block& block : blocks) {
        block.reset();
        EXPECT_LE(heap->stats().cached, 8 * page);
    }
    EXPECT_EQ(heap->stats().cached, 6 * page);
    must(heap->validate());
}

TEST_P(RecyclingTest, KeepsNothingLargerThanItsBound) {
    const auto heap = openWith("size=1M,cache=" + std::to_string(2 * page));
    passing(heap, page);
    passing(heap, 3 * page);
    EXPECT_LE(heap->stats().cached, 2 * page);
}

TEST_P(RecyclingTest, KeepsWhatWasGivenBackLast) {
    const auto heap = openWith("size=1M,cache=" + std::to_string(2 * page));
    Block a = allocate(heap, page);
    Block b = allocate(heap, page);
    Block c = allocate(heap, page);
    const uint64_t first = FakeKernel::identityOf(a.fd());
    a.reset();
    b.reset();
    c.reset();
    std::vector<Block> all;
    for (int n = 0; n < 3; ++n) {
        all.push_back(allocate(heap, page));
        EXPECT_NE(FakeKernel::identityOf(all.back().fd()), first);
    }
    EXPECT_EQ(heap->stats().recycled, 2u);
}

TEST_P(RecyclingTest, IsBoundedByAQuarterOfASmallZone) {
    const auto heap = openWith("size=1M");
    std::vector<Block> blocks;
    for (size_t n = 0; n < (1u << 20) / (16 * page); ++n)
        blocks.push_back(allocate(heap, 16 * page));
    blocks.clear();
    EXPECT_EQ(heap->stats().cached, 256u << 10);
}

// ---- Given up before anything fails.

TEST_P(RecyclingTest, NeverStandsInTheWayOfAnAllocation) {
    const auto heap = openWith("size=1M,cache=1M");
    std::vector<Block> blocks;
    for (size_t n = 0; n < (1u << 20) / page; ++n)
        blocks.push_back(allocate(heap, page));
    blocks.clear();
    EXPECT_EQ(heap->stats().cached, 1u << 20);
    EXPECT_EQ(heap->stats().largestFree, 1u << 20);
    const Block whole = allocate(heap, 1u << 20);
    EXPECT_EQ(heap->stats().cached, 0u);
    must(heap->validate());
}

TEST_P(RecyclingTest, StaysWithinTheBudgetTogetherWithWhatIsUsed) {
    const auto heap = openWith("size=1M,cache=1M");
    passing(heap, 512u << 10);
    const Block larger = allocate(heap, 768u << 10);
    EXPECT_LE(heap->stats().used + heap->stats().cached, 1u << 20);
    must(heap->validate());
}

TEST_P(RecyclingTest, GivesItsDescriptorsUpWhereTheProcessHasNoneLeft) {
    const auto heap = openWith("size=1M,cache=1M");
    std::vector<Block> blocks;
    for (int n = 0; n < 8; ++n)
        blocks.push_back(allocate(heap, page));
    blocks.clear();
    const Block busy = allocate(heap, page);

    rlimit old{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
    const UniqueFd lowest = must(busy.exportFd());
    rlimit tight = old;
    tight.rlim_cur = static_cast<rlim_t>(lowest.get()) + 1;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    Result<Block> block = heap->allocate(3 * page);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
    EXPECT_TRUE(block.ok()) << block.error().message();
}

// ---- Who sees whose memory.

TEST_P(RecyclingTest, ShowsNoClientAnothersMemory) {
    const auto heap = openWith("size=1M");
    const uint64_t first = Heap::newClient();
    const uint64_t second = Heap::newClient();
    {
        const Block block = allocate(heap, 4 * page, ofClient(first));
        fill(block, 0xee);
    }
    EXPECT_TRUE(isFilledWith(allocate(heap, 4 * page, ofClient(second)), 0));
}

TEST_P(RecyclingTest, ShowsACallWithoutAClientNobodysMemory) {
    const auto heap = openWith("size=1M");
    for (int n = 0; n < 3; ++n) {
        const Block block = allocate(heap, 4 * page);
        EXPECT_TRUE(isFilledWith(block, 0));
        fill(block, 0xee);
    }
    EXPECT_EQ(heap->stats().recycled, 2u);
}

TEST_P(RecyclingTest, SparesOneClientTheClearing) {
    const auto heap = openWith("size=1M");
    const uint64_t client = Heap::newClient();
    {
        const Block block = allocate(heap, 4 * page, ofClient(client));
        fill(block, 0xee);
    }
    EXPECT_TRUE(isFilledWith(allocate(heap, 4 * page, ofClient(client)), 0xee));
}

TEST_P(RecyclingTest, ClearsOneClientsMemoryWhenAsked) {
    const auto heap = openWith("size=1M");
    AllocOptions options = ofClient(Heap::newClient());
    {
        const Block block = allocate(heap, 4 * page, options);
        fill(block, 0xee);
    }
    options.zero = true;
    EXPECT_TRUE(isFilledWith(allocate(heap, 4 * page, options), 0));
}

TEST_P(RecyclingTest, ClearsMemoryOfAnotherShapeToo) {
    const auto heap = openWith("size=1M,cache=0");
    {
        const Block block = allocate(heap, 1u << 20);
        fill(block, 0xee);
    }
    std::vector<Block> blocks;
    for (const size_t size : {page, 3 * page, 100 * page})
        blocks.push_back(allocate(heap, size));
    for (const Block& block : blocks)
        EXPECT_TRUE(isFilledWith(block, 0));
}

TEST_P(RecyclingTest, ClearsWithinASyncedAccess) {
    const auto heap = openWith("size=1M");
    {
        const Block block = allocate(heap, page);
        fill(block, 0xee);
    }
    fake.forgetSyncCalls();
    const Block block = allocate(heap, page);
    EXPECT_EQ(fake.syncCalls().size(), heap->isDmaBuf() ? 2u : 0u);
}

// ---- Memory that somebody else can still reach.

TEST_P(RecyclingTest, NeverHandsOutWhatADuplicateStillReaches) {
    const auto heap = openWith("size=1M");
    UniqueFd kept;
    uint64_t identity = 0;
    {
        const Block block = allocate(heap, 4 * page, named("shared"));
        kept = must(block.exportFd());
        identity = FakeKernel::identityOf(block.fd());
    }
    FakeImporter receiver = fake.import(kept.get());
    std::vector<Block> blocks;
    while (heap->stats().largestFree >= 4 * page)
        blocks.push_back(allocate(heap, 4 * page));
    for (const Block& block : blocks) {
        EXPECT_NE(FakeKernel::identityOf(block.fd()), identity);
        fill(block, 0x11);
    }
    EXPECT_TRUE(receiver.isFilledWith(0)) << "the receiver sees another client's memory";
    receiver.fill(0xee);
    for (const Block& block : blocks)
        EXPECT_TRUE(isFilledWith(block, 0x11)) << "the receiver wrote into another client's memory";
    must(heap->validate());
    receiver.detach();
}

TEST_P(RecyclingTest, RetiresAnExportedMemfdEvenAfterTheDuplicateIsGone) {
    const auto heap = openWith("size=1M");
    uint64_t identity = 0;
    {
        const Block block = allocate(heap, page);
        must(block.exportFd()).reset();
        identity = FakeKernel::identityOf(block.fd());
    }
    const Block next = allocate(heap, page);
    // A DMA-BUF's count tells that the duplicate is gone; nothing tells it of a memfd.
    EXPECT_EQ(FakeKernel::identityOf(next.fd()) == identity, heap->isDmaBuf());
}

} // namespace
} // namespace mediaheap
