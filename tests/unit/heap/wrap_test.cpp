// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Blocks around memory from elsewhere.
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heap_test.h"
#include "kernel/kernel.h"

namespace mediaheap {
namespace {

using test::HeapTest;
using test::must;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr uint64_t startRead = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ;
constexpr uint64_t startWrite = DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE;
constexpr uint64_t endRead = DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ;
constexpr uint64_t endWrite = DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE;

class WrapTest : public HeapTest {
protected:
    WrapTest() { fake.addDmaHeap("system"); }

    UniqueFd newDmaBuf(size_t size, int mode = O_RDWR) {
        const UniqueFd node(fake.open("/dev/dma_heap/system", O_RDONLY));
        dma_heap_allocation_data data{};
        data.len = size;
        data.fd_flags = static_cast<uint32_t>(mode);
        EXPECT_EQ(fake.ioctl(node.get(), DMA_HEAP_IOCTL_ALLOC, &data), 0);
        return UniqueFd(static_cast<int>(data.fd));
    }

    static UniqueFd newMemfd(size_t size, int seals = 0) {
        UniqueFd fd(::memfd_create("foreign", MFD_ALLOW_SEALING));
        EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(size)), 0);
        EXPECT_EQ(::fcntl(fd.get(), F_ADD_SEALS, seals), 0);
        return fd;
    }

    static Error refusal(const std::shared_ptr<Heap>& heap, UniqueFd fd, size_t size = 0) {
        const Result<Block> block = heap->wrap(std::move(fd), size);
        EXPECT_FALSE(block.ok());
        return block ? Error{} : block.error();
    }
};

TEST_F(WrapTest, ADmaBufIsSyncedAndCountedAsTheHeapsOwn) {
    const auto heap = open("memfd,size=1M");
    const Block block = must(heap->wrap(newDmaBuf(3 * page), 0));
    EXPECT_TRUE(block.isDmaBuf());
    EXPECT_EQ(block.size(), 3 * page);
    {
        const Mapping outer = must(block.map(Access::Write));
        const Mapping inner = must(block.map(Access::Write));
        std::memset(inner.data(), 7, inner.size());
    }
    EXPECT_THAT(fake.syncFlags(block.fd()), ElementsAre(startWrite, endWrite));
    EXPECT_TRUE(isFilledWith(block, 7));
    EXPECT_THAT(fake.syncFlags(block.fd()), ElementsAre(startWrite, endWrite, startRead, endRead));
    const Stats stats = heap->stats();
    EXPECT_EQ(stats.syncs, 4u);
    EXPECT_EQ(stats.syncsSaved, 2u);
    EXPECT_EQ(stats.bytesSynced, 12 * page);
}

TEST_F(WrapTest, AMemfdIsPlainMemoryInAHeapOfDmaBufsToo) {
    const auto heap = open("dma-heap:system,size=1M");
    const UniqueFd other(newMemfd(2 * page, F_SEAL_SHRINK));
    const Block block = must(heap->wrap(UniqueFd(::dup(other.get())), 0));
    EXPECT_FALSE(block.isDmaBuf());
    fill(block, 9);
    uint8_t seen = 0;
    ASSERT_EQ(::pread(other.get(), &seen, 1, static_cast<off_t>(2 * page - 1)), 1);
    EXPECT_EQ(seen, 9) << "it is the same memory";
    EXPECT_EQ(heap->stats().syncs, 0u) << "no hardware sees it";
}

TEST_F(WrapTest, TheDescriptorKeepsItsNumberIsTheBlocksAndClosesOnExec) {
    const auto heap = open("memfd,size=1M");
    UniqueFd fd = newMemfd(page);
    const int number = fd.get();
    ASSERT_EQ(::fcntl(number, F_GETFD) & FD_CLOEXEC, 0) << "else this shows nothing";
    Block block = must(heap->wrap(std::move(fd), 0));
    EXPECT_EQ(block.fd(), number);
    EXPECT_EQ(::fcntl(number, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    block.reset();
    EXPECT_EQ(::fcntl(number, F_GETFD), -1) << "closed with the block";
}

TEST_F(WrapTest, TheZoneKnowsNothingOfIt) {
    const auto heap = open("dma-heap:system,size=64K");
    const Block block = must(heap->wrap(newDmaBuf(1 << 20), 0));
    const Stats stats = heap->stats();
    EXPECT_EQ(stats.used, 0u);
    EXPECT_EQ(stats.blocks, 0u);
    EXPECT_EQ(stats.largestFree, 64u << 10);
    EXPECT_EQ(block.address(), 0u);
    must(heap->validate());
    EXPECT_EQ(allocate(heap, 64 << 10).size(), 64u << 10);
}

TEST_F(WrapTest, ItIsNeverHandedToTheNextClient) {
    const auto heap = open("dma-heap:system,size=1M,cache=1M");
    Block block = must(heap->wrap(newDmaBuf(page), 0));
    fill(block, 5);
    block.reset();
    EXPECT_EQ(heap->stats().cached, 0u);
    EXPECT_EQ(fake.liveBuffers(), 0u) << "back to where it came from";
}

TEST_F(WrapTest, ItKeepsItsNameInTheKernel) {
    const auto heap = open("dma-heap:system,size=1M");
    UniqueFd fd = newDmaBuf(page);
    ASSERT_EQ(fake.ioctl(fd.get(), DMA_BUF_SET_NAME, const_cast<char*>("camera")), 0);
    const Block block = must(heap->wrap(std::move(fd), 0, "mine"));
    EXPECT_EQ(fake.nameOf(block.fd()), "camera");
    EXPECT_EQ(block.name(), "mine");
    EXPECT_THAT(refusal(heap, UniqueFd(), 0).message(), HasSubstr("dma-heap:system"));
}

TEST_F(WrapTest, ItOutlivesTheHeapsUsersAndItsDestruction) {
    auto heap = open("memfd,size=1M");
    Block block = must(heap->wrap(newDmaBuf(page), 0));
    must(heap->destroy());
    EXPECT_EQ(refusal(heap, newDmaBuf(page)).code, ENODEV);
    heap.reset();
    fill(block, 3);
    EXPECT_TRUE(isFilledWith(block, 3));
    EXPECT_THAT(fake.syncFlags(block.fd()), ElementsAre(startWrite, endWrite, startRead, endRead));
    EXPECT_TRUE(must(block.exportFd()).isValid());
}

TEST_F(WrapTest, WhatWasOpenedReadOnlyIsMappedForReading) {
    const auto heap = open("memfd,size=1M");
    const Block buffer = must(heap->wrap(newDmaBuf(page, O_RDONLY), 0));
    EXPECT_FALSE(buffer.isWritable());
    EXPECT_EQ(buffer.beginAccess(Access::Write).error().code, EACCES);
    EXPECT_TRUE(isFilledWith(buffer, 0));

    const UniqueFd writable(newMemfd(page));
    const std::string path = "/proc/self/fd/" + std::to_string(writable.get());
    const Block file = must(heap->wrap(UniqueFd(::open(path.c_str(), O_RDONLY)), 0));
    EXPECT_FALSE(file.isWritable());
    EXPECT_TRUE(isFilledWith(file, 0));
    EXPECT_TRUE(must(heap->wrap(newMemfd(page), 0)).isWritable());
}

TEST_F(WrapTest, WhatIsSealedAgainstWritingIsMappedForReading) {
    const auto heap = open("memfd,size=1M");
    const Block block = must(heap->wrap(newMemfd(page, F_SEAL_WRITE), 0));
    EXPECT_FALSE(block.isWritable());
    EXPECT_TRUE(isFilledWith(block, 0));
}

TEST_F(WrapTest, TheSizeIsThatOfTheFileAndMayBeAskedForInPart) {
    const auto heap = open("memfd,size=1M");
    EXPECT_EQ(must(heap->wrap(newMemfd(1000), 1000)).size(), 1000u) << "no whole page";
    EXPECT_EQ(must(heap->wrap(newMemfd(1000), 10)).size(), 1000u);
    EXPECT_EQ(must(heap->wrap(newDmaBuf(2 * page), page)).size(), 2 * page);
    fake.knowsSize = false;
    EXPECT_EQ(must(heap->wrap(newDmaBuf(2 * page), 0)).size(), 2 * page) << "by its end";
}

TEST_F(WrapTest, TooSmallAFileIsRefusedWithBothSizes) {
    const auto heap = open("memfd,size=1M");
    const Error error = refusal(heap, newMemfd(1000), 1001);
    EXPECT_EQ(error.code, EINVAL);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("1000 bytes"), HasSubstr("1001")));
    EXPECT_EQ(refusal(heap, newDmaBuf(page), page + 1).code, EINVAL);
    EXPECT_EQ(refusal(heap, newMemfd(0)).code, EINVAL) << "there is nothing to map";
    EXPECT_EQ(refusal(heap, newMemfd(page), SIZE_MAX).code, EINVAL);
}

TEST_F(WrapTest, WhatIsNoMemoryIsRefusedAndClosed) {
    const auto heap = open("memfd,size=1M");
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd writing(ends[1]);
    const Error error = refusal(heap, UniqueFd(ends[0]));
    EXPECT_EQ(error.code, EINVAL);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("neither a DMA-BUF"), HasSubstr("memfd")));
    EXPECT_EQ(::fcntl(ends[0], F_GETFD), -1) << "taken in any case";
    EXPECT_EQ(refusal(heap, UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC))).code, EINVAL);
    EXPECT_EQ(refusal(heap, UniqueFd(::open("/", O_RDONLY | O_CLOEXEC))).code, EINVAL);
    EXPECT_EQ(refusal(heap, UniqueFd()).code, EBADF);
}

TEST_F(WrapTest, WhatIsOnlyOpenForWritingIsRefused) {
    const auto heap = open("memfd,size=1M");
    const UniqueFd memfd(newMemfd(page));
    const std::string path = "/proc/self/fd/" + std::to_string(memfd.get());
    EXPECT_EQ(refusal(heap, UniqueFd(::open(path.c_str(), O_WRONLY | O_CLOEXEC))).code, EACCES);
}

TEST_F(WrapTest, ASimulatedHeapTakesNothingFromElsewhere) {
    const auto heap = open("simulated,size=1M");
    const Error error = refusal(heap, newMemfd(page));
    EXPECT_EQ(error.code, EOPNOTSUPP);
    EXPECT_THAT(error.message(), HasSubstr("copy it"));
}

TEST_F(WrapTest, TheSanitizerWatchesItAsWell) {
    const auto heap = open("memfd,size=1M,sanitize=1,stray=report");
    const Block block = must(heap->wrap(newDmaBuf(page), 0));
    fill(block, 1);
    EXPECT_EQ(heap->stats().strayAccesses, 0u);
    static_cast<volatile uint8_t*>(block.data())[0] = 2;
    EXPECT_EQ(heap->stats().strayAccesses, 1u);
}

TEST_F(WrapTest, ADevicesFenceIsWaitedForAsLongAsTheHeapSays) {
    const auto heap = open("memfd,size=1M,wait=1");
    const Block block = must(heap->wrap(newDmaBuf(page), 0));
    const auto work = fake.beginWork(block.fd(), Access::Write);
    EXPECT_EQ(block.beginAccess(Access::Read).error().code, ETIMEDOUT);
    EXPECT_FALSE(block.isIdle(Access::Read));
    fake.finishWork(work);
    EXPECT_TRUE(isFilledWith(block, 0));
}

TEST_F(WrapTest, AnyCallMayFailAndNothingIsLeft) {
    const auto heap = open("memfd,size=1M");
    for (const bool dmabuf : {true, false}) {
        faults.resetCounts();
        { const Block all = must(heap->wrap(dmabuf ? newDmaBuf(page) : newMemfd(page), page)); }
        const uint64_t calls = faults.calls();
        ASSERT_GT(calls, 3u);
        unsigned refused = 0;
        for (uint64_t ordinal = 1; ordinal <= calls; ++ordinal) {
            UniqueFd fd = dmabuf ? newDmaBuf(page) : newMemfd(page);
            faults.failNth(ordinal, EIO);
            const Result<Block> block = heap->wrap(std::move(fd), page);
            faults.clearFaults();
            refused += block ? 0 : 1;
            if (!block) {
                EXPECT_THAT(block.error().message(), HasSubstr("wrap descriptor"));
            }
        }
        EXPECT_GE(refused, 3u) << "close-on-exec, size and mapping at least";
        EXPECT_EQ(faults.mappingsLeft(), "");
        EXPECT_EQ(fake.liveBuffers(), 0u);
    }
}

TEST_F(WrapTest, ManyThreadsWrapAndDropOnOneHeap) {
    const auto heap = open("memfd,size=1M");
    const Block shared = must(heap->wrap(newDmaBuf(page), 0));
    std::vector<std::thread> threads;
    for (int n = 0; n < 4; ++n) {
        threads.emplace_back([&] {
            for (int round = 0; round < 50; ++round) {
                const Block own = must(heap->wrap(newMemfd(page), 0));
                fill(own, static_cast<uint8_t>(round));
                const Mapping reading = must(shared.map(Access::Read));
                EXPECT_TRUE(isFilledWith(own, static_cast<uint8_t>(round)));
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    const Stats stats = heap->stats();
    EXPECT_EQ(stats.syncs + stats.syncsSaved, 400u);
}

} // namespace
} // namespace mediaheap
