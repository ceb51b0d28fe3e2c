// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The fewest syncs that keep the caches right.
#include "sync/access_counter.h"

#include <atomic>
#include <cerrno>
#include <linux/dma-buf.h>
#include <random>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mediaheap/unique_fd.h>

#include "../../kernel/exporter_facts.h"
#include "fake_kernel.h"
#include "fault_kernel.h"
#include "sync/dmabuf_side.h"
#include "sync/plain_side.h"

namespace mediaheap {
namespace {

using test::FakeKernel;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t startRead = DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ;
constexpr uint64_t startWrite = DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE;
constexpr uint64_t startBoth = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW;
constexpr uint64_t endRead = DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ;
constexpr uint64_t endWrite = DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE;
constexpr uint64_t endBoth = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;

constexpr ByteRange whole{0, 65536};

class AccessCounterTest : public testing::Test {
protected:
    AccessCounterTest() { kernel.forgetSyncCalls(); }

    std::vector<uint64_t> calls() { return kernel.syncFlags(buffer.get()); }

    FakeKernel& kernel = static_cast<FakeKernel&>(test::exporterKernel());
    const UniqueFd buffer{test::newDmaBuf("udmabuf", 65536)};
    SyncStats stats;
    DmabufSide side{kernel, buffer.get(), 65536};
    AccessCounter counter{side, stats, std::chrono::milliseconds(100)};
};

// ---- Which syncs.

TEST_F(AccessCounterTest, StartsAndEndsOneAccess) {
    EXPECT_TRUE(counter.begin(Access::Read, whole).ok());
    EXPECT_EQ(counter.open(), 1u);
    EXPECT_TRUE(counter.end().ok());
    EXPECT_EQ(counter.open(), 0u);
    EXPECT_THAT(calls(), ElementsAre(startRead, endRead));
}

TEST_F(AccessCounterTest, SaysWhatKindOfAccessItIs) {
    for (const Access access : {Access::Read, Access::Write, Access::ReadWrite}) {
        EXPECT_TRUE(counter.begin(access, whole).ok());
        EXPECT_TRUE(counter.end().ok());
    }
    EXPECT_THAT(calls(), ElementsAre(startRead, endRead, startWrite, endWrite, startBoth, endBoth));
}

TEST_F(AccessCounterTest, SyncsOnceForAnyNestingOfTheSameAccess) {
    for (int depth = 0; depth < 100; ++depth)
        EXPECT_TRUE(counter.begin(Access::ReadWrite, whole).ok());
    for (int depth = 0; depth < 100; ++depth)
        EXPECT_TRUE(counter.end().ok());
    EXPECT_THAT(calls(), ElementsAre(startBoth, endBoth));
    EXPECT_EQ(stats.issued, 2u);
    EXPECT_EQ(stats.saved, 198u);
}

TEST_F(AccessCounterTest, SyncsOnceForNarrowerAccessesWithin) {
    EXPECT_TRUE(counter.begin(Access::ReadWrite, whole).ok());
    EXPECT_TRUE(counter.begin(Access::Read, whole).ok());
    EXPECT_TRUE(counter.begin(Access::Write, whole).ok());
    for (int depth = 0; depth < 3; ++depth)
        EXPECT_TRUE(counter.end().ok());
    EXPECT_THAT(calls(), ElementsAre(startBoth, endBoth));
}

TEST_F(AccessCounterTest, UpgradesWhenAWriteJoinsARead) {
    EXPECT_TRUE(counter.begin(Access::Read, whole).ok());
    EXPECT_TRUE(counter.begin(Access::Write, whole).ok());
    EXPECT_THAT(calls(), ElementsAre(startRead, startBoth));
    EXPECT_TRUE(counter.end().ok());
    EXPECT_TRUE(counter.end().ok());
    EXPECT_THAT(calls(), ElementsAre(startRead, startBoth, endBoth)) << "END with the union";
}

TEST_F(AccessCounterTest, WritesBackBeforeAReadThatJoinsAWrite) {
    // START may only invalidate, and would drop what the write has left in the cache.
    EXPECT_TRUE(counter.begin(Access::Write, whole).ok());
    EXPECT_TRUE(counter.begin(Access::Read, whole).ok());
    EXPECT_TRUE(counter.end().ok());
    EXPECT_TRUE(counter.end().ok());
    EXPECT_THAT(calls(), ElementsAre(startWrite, endWrite, startBoth, endBoth));
}

TEST_F(AccessCounterTest, EndsWithTheUnionThoughTheWriterLeavesFirst) {
    EXPECT_TRUE(counter.begin(Access::Read, whole).ok());
    EXPECT_TRUE(counter.begin(Access::Write, whole).ok());
    EXPECT_TRUE(counter.end().ok()); // the writer
    EXPECT_TRUE(counter.begin(Access::Read, whole).ok());
    EXPECT_TRUE(counter.end().ok());
    EXPECT_TRUE(counter.end().ok());
    EXPECT_THAT(calls(), ElementsAre(startRead, startBoth, endBoth));
}

TEST_F(AccessCounterTest, BeginsAfreshAfterTheLastEnd) {
    EXPECT_TRUE(counter.begin(Access::ReadWrite, whole).ok());
    EXPECT_TRUE(counter.end().ok());
    EXPECT_TRUE(counter.begin(Access::Read, whole).ok());
    EXPECT_TRUE(counter.end().ok());
    EXPECT_THAT(calls(), ElementsAre(startBoth, endBoth, startRead, endRead));
}

TEST_F(AccessCounterTest, OnlyCountsWhereNoHardwareSeesTheMemory) {
    PlainSide plainSide(kernel, 65536);
    AccessCounter plain(plainSide, stats, std::chrono::milliseconds(100));
    EXPECT_TRUE(plain.begin(Access::Read, whole).ok());
    EXPECT_TRUE(plain.begin(Access::Write, whole).ok());
    EXPECT_EQ(plain.open(), 2u);
    EXPECT_TRUE(plain.end().ok());
    EXPECT_TRUE(plain.end().ok());
    EXPECT_EQ(plain.end().error().code, EINVAL);
    EXPECT_THAT(calls(), IsEmpty());
    EXPECT_EQ(stats.issued, 0u);
}

TEST_F(AccessCounterTest, RefusesAnEndWithoutABegin) {
    EXPECT_EQ(counter.end().error().code, EINVAL);
    EXPECT_TRUE(counter.begin(Access::Read, whole).ok());
    EXPECT_TRUE(counter.end().ok());
    EXPECT_EQ(counter.end().error().code, EINVAL);
    EXPECT_THAT(calls(), ElementsAre(startRead, endRead));
}

// ---- Failures.

TEST_F(AccessCounterTest, RestartsAnInterruptedSync) {
    for (const int error : {EINTR, EAGAIN}) {
        kernel.forgetSyncCalls();
        kernel.failSync(DMA_BUF_SYNC_START, error, 3);
        kernel.failSync(DMA_BUF_SYNC_END, error, 3);
        EXPECT_TRUE(counter.begin(Access::ReadWrite, whole).ok());
        EXPECT_TRUE(counter.end().ok());
        EXPECT_THAT(calls(), ElementsAre(startBoth, endBoth));
        ASSERT_EQ(kernel.syncCalls().size(), 8u);
        for (size_t n = 0; n < 8; ++n)
            EXPECT_EQ(kernel.syncCalls()[n].flags, n < 4 ? startBoth : endBoth) << n;
    }
}

TEST_F(AccessCounterTest, OpensNothingWhenTheStartFails) {
    kernel.failSync(DMA_BUF_SYNC_START, EIO);
    const Result<void> begun = counter.begin(Access::Read, whole);
    ASSERT_FALSE(begun.ok());
    EXPECT_EQ(begun.error().code, EIO);
    EXPECT_EQ(counter.open(), 0u);
    EXPECT_EQ(counter.end().error().code, EINVAL);
    EXPECT_TRUE(counter.begin(Access::Read, whole).ok()) << "the next may work again";
    EXPECT_TRUE(counter.end().ok());
}

TEST_F(AccessCounterTest, KeepsTheOuterAccessWhenAnUpgradeFails) {
    EXPECT_TRUE(counter.begin(Access::Read, whole).ok());
    kernel.failSync(DMA_BUF_SYNC_START, EIO);
    EXPECT_EQ(counter.begin(Access::Write, whole).error().code, EIO);
    EXPECT_EQ(counter.open(), 1u);
    EXPECT_TRUE(counter.end().ok());
    EXPECT_THAT(calls(), ElementsAre(startRead, endRead));
}

TEST_F(AccessCounterTest, KeepsTheOuterAccessWhenTheWriteBackFails) {
    EXPECT_TRUE(counter.begin(Access::Write, whole).ok());
    kernel.failSync(DMA_BUF_SYNC_END, EIO);
    EXPECT_EQ(counter.begin(Access::Read, whole).error().code, EIO);
    EXPECT_EQ(counter.open(), 1u);
    EXPECT_TRUE(counter.end().ok());
    EXPECT_THAT(calls(), ElementsAre(startWrite, endWrite));
}

TEST_F(AccessCounterTest, ReportsAFailedEndAndClosesAllTheSame) {
    EXPECT_TRUE(counter.begin(Access::Write, whole).ok());
    kernel.failSync(DMA_BUF_SYNC_END, EIO);
    EXPECT_EQ(counter.end().error().code, EIO);
    EXPECT_EQ(counter.open(), 0u);
    kernel.forgetSyncCalls();
    EXPECT_TRUE(counter.begin(Access::Read, whole).ok());
    EXPECT_TRUE(counter.end().ok());
    EXPECT_THAT(calls(), ElementsAre(startRead, endRead));
}

// ---- Threads.

/// Notices two syncs of one block at once, and gives other threads the time to try.
class WatchedKernel : public test::FaultKernel {
public:
    using FaultKernel::FaultKernel;

    int ioctl(int fd, unsigned long request, void* argument) override {
        if (inside_.fetch_add(1) != 0)
            ++overlaps;
        std::this_thread::yield();
        const int result = FaultKernel::ioctl(fd, request, argument);
        inside_.fetch_sub(1);
        return result;
    }

    std::atomic<int> overlaps{0};

private:
    std::atomic<int> inside_{0};
};

TEST_F(AccessCounterTest, KeepsStartsAndEndsPairedWhateverThreadsDo) {
    constexpr unsigned threadCount = 4;
    WatchedKernel watched(kernel);
    DmabufSide watchedSide(watched, buffer.get(), 65536);
    AccessCounter shared(watchedSide, stats, std::chrono::milliseconds(100));
    std::vector<std::thread> threads;
    std::atomic<unsigned> ready{0};
    std::atomic<int> failures{0};
    for (unsigned seed = 0; seed < threadCount; ++seed) {
        threads.emplace_back([&, seed] {
            std::mt19937 random(seed);
            ++ready;
            while (ready < threadCount)
                std::this_thread::yield();
            for (int n = 0; n < 2000; ++n) {
                const auto access = static_cast<Access>(1 + random() % 3);
                failures += !shared.begin(access, whole).ok();
                if (random() % 4 == 0)
                    std::this_thread::yield();
                failures += !shared.end().ok();
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(watched.overlaps, 0);
    EXPECT_EQ(shared.open(), 0u);

    // An END closes everything, with exactly what the STARTs since the last one have opened.
    uint64_t joined = 0;
    for (const uint64_t flags : calls()) {
        if ((flags & DMA_BUF_SYNC_END) == 0) {
            joined |= flags & DMA_BUF_SYNC_RW;
            continue;
        }
        ASSERT_EQ(flags & DMA_BUF_SYNC_RW, joined);
        joined = 0;
    }
    EXPECT_EQ(joined, 0u);
    EXPECT_EQ(stats.issued, kernel.syncCalls().size());
    EXPECT_GE(stats.issued + stats.saved, 16000u) << "every begin and every end is accounted for";
}

} // namespace
} // namespace mediaheap
