// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Real fences on blocks of real DMA-BUFs: vgem's.
#include <atomic>
#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "device_work.h"
#include "kernel/kernel.h"
#include "real_heap.h"

namespace mediaheap::test {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

class RealFence : public RealHeap {
protected:
    void SetUp() override { reopen(""); }

    void reopen(const std::string& keys) {
        block.reset();
        open(",size=4M,zone=fences" + keys);
        block = allocate(65536, "frame");
        inode = inodeOf(block.fd());
    }
    void TearDown() override { block.reset(); }

    /// A reference that a poll took goes a moment after its fence is done.
    bool isHeldByNobody() {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (heap->stats().held > 0 && std::chrono::steady_clock::now() < deadline)
            std::this_thread::yield();
        return heap->stats().held == 0;
    }

    Block block;
    unsigned long long inode = 0;
};

INSTANTIATE_TEST_SUITE_P(Sources, RealFence, testing::Values("udmabuf", "dma-heap:system"),
                         sourceName);

TEST_P(RealFence, TellsReadersFromWriters) {
    EXPECT_TRUE(block.isIdle(Access::ReadWrite));
    const auto reader = beginWork(block.fd(), Access::Read);
    EXPECT_TRUE(block.isIdle(Access::Read));
    EXPECT_FALSE(block.isIdle(Access::Write));
    reader->finish();
    EXPECT_TRUE(block.isIdle(Access::Write));
    const auto writer = beginWork(block.fd(), Access::Write);
    EXPECT_FALSE(block.isIdle(Access::Read));
    writer->finish();
    EXPECT_TRUE(block.isIdle(Access::ReadWrite));
}

TEST_P(RealFence, MapsWhenTheDeviceIsDone) {
    const auto work = beginWork(block.fd(), Access::Write);
    std::atomic<bool> done{false};
    std::thread device([&] {
        done = true;
        work->finish();
    });
    Mapping mapping = must(block.map(Access::Read));
    EXPECT_TRUE(done);
    device.join();
    must(mapping.end());
}

TEST_P(RealFence, FailsAMapWhoseTimeIsOverInsteadOfHanging) {
    reopen(",wait=50");
    const auto work = beginWork(block.fd(), Access::Write);
    const auto begun = std::chrono::steady_clock::now();
    const Result<Mapping> mapped = block.map(Access::Read);
    const auto took = std::chrono::steady_clock::now() - begun;
    ASSERT_FALSE(mapped.ok());
    EXPECT_EQ(mapped.error().code, ETIMEDOUT);
    EXPECT_THAT(mapped.error().message(),
                AllOf(HasSubstr(GetParam()), HasSubstr("block 'frame'"), HasSubstr("after 50 ms")));
    EXPECT_GE(took, milliseconds(50));
    EXPECT_LT(took, milliseconds(5000))
        << "vgem gives up after ten seconds: that has been waited for";
    EXPECT_EQ(block.endAccess().error().code, EINVAL);
    work->finish();
    must(block.map(Access::ReadWrite).value().end());
}

TEST_P(RealFence, LetsAReaderOvertakeAReader) {
    reopen(",wait=50");
    const auto work = beginWork(block.fd(), Access::Read);
    must(block.map(Access::Read).value().end());
    EXPECT_EQ(block.map(Access::Write).error().code, ETIMEDOUT);
    work->finish();
    must(block.map(Access::Write).value().end());
}

TEST_P(RealFence, HandsAFenceFromBlockToBlock) {
    const Block other = allocate(65536, "other");
    const auto work = beginWork(block.fd(), Access::Write);
    UniqueFd fence = must(block.exportFence(Access::Read));
    must(other.importFence(std::move(fence), Access::Write));
    EXPECT_FALSE(other.isIdle(Access::Read));
    EXPECT_FALSE(must(other.waitUntilIdle(Access::Read, milliseconds(20))));
    work->finish();
    EXPECT_TRUE(must(other.waitUntilIdle(Access::Read, milliseconds(5000))));
}

TEST_P(RealFence, KeepsTheFenceOfADmaBufForMemoryThatIsNone) {
    const auto plain = must(Heap::open("memfd,size=1M,zone=fences"));
    const Block other = must(plain->allocate(4096));
    const Block another = allocate(65536, "another");
    const auto first = beginWork(block.fd(), Access::Write);
    const auto second = beginWork(another.fd(), Access::Write);
    must(other.importFence(must(block.exportFence(Access::Read)), Access::Write));
    const LeakCheck before;
    for (int n = 0; n < 100; ++n) {
        must(other.importFence(must(another.exportFence(Access::Read)), Access::Write));
        must(other.importFence(must(block.exportFence(Access::Read)), Access::Write));
    }
    EXPECT_THAT(before.difference(), testing::Not(HasSubstr("\n+"))) << "merged into one sync_file";
    first->finish();
    EXPECT_FALSE(other.isIdle(Access::Read));
    second->finish();
    EXPECT_TRUE(must(other.waitUntilIdle(Access::Read, milliseconds(5000))));
}

TEST_P(RealFence, GivesMemoryToNobodyWhileADeviceIsNotDoneWithIt) {
    // The device keeps no reference to the memory of the other block: the fence alone holds it.
    Block other = allocate(65536, "other");
    const unsigned long long held = inodeOf(other.fd());
    const auto work = beginWork(block.fd(), Access::Write);
    must(other.importFence(must(block.exportFence(Access::Read)), Access::Write));
    const size_t bytes = other.size();
    other.reset();
    EXPECT_EQ(heap->stats().held, bytes);
    std::vector<Block> blocks;
    while (heap->stats().largestFree >= bytes) {
        blocks.push_back(allocate(bytes));
        EXPECT_NE(inodeOf(blocks.back().fd()), held);
    }
    work->finish();
    EXPECT_TRUE(isHeldByNobody());
    const Block again = allocate(bytes);
    EXPECT_EQ(inodeOf(again.fd()), held);
    must(heap->validate());
}

TEST_P(RealFence, RefusesWhatIsNoFence) {
    EXPECT_EQ(block.importFence(UniqueFd(), Access::Read).error().code, EBADF);
    EXPECT_EQ(block.importFence(UniqueFd(Kernel::system().eventFd()), Access::Read).error().code,
              EINVAL);
    EXPECT_TRUE(block.isIdle(Access::Write));
}

} // namespace
} // namespace mediaheap::test
