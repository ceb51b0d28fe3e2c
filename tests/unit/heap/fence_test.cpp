// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Blocks that a device still works on, on each source: who waits, for how long, and who gets the
// memory next.
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/eventfd.h>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heap_test.h"

namespace mediaheap {
namespace {

using std::chrono::milliseconds;
using test::Call;
using test::FakeFence;
using test::FakeKernel;
using test::HeapTest;
using test::must;
using testing::AllOf;
using testing::HasSubstr;

constexpr milliseconds look{0};

/// The machines on which a fence can be pending: where the kernel keeps it, and where it does not.
struct Machine {
    const char* name;
    const char* heap;
    bool knowsSyncFiles;
};

class FenceTest : public HeapTest, public testing::WithParamInterface<Machine> {
protected:
    FenceTest() {
        fake.knowsSyncFiles = GetParam().knowsSyncFiles;
        fake.addUdmabuf();
        fake.addDmaHeap("system");
        reopen("");
    }

    void reopen(const std::string& keys) {
        block.reset();
        heap.reset();
        heap = open(GetParam().heap + std::string(",size=") + std::to_string(16 * page) + keys);
        block = allocate(heap, page, named("frame"));
        identity = FakeKernel::identityOf(block.fd());
    }

    bool isDmaBuf() const { return heap->isDmaBuf(); }

    /// A device begins to work on the block.
    void begin(Access access) { must(block.importFence(fake.newSyncFile(work), access)); }
    void finish() { fake.finishWork(work); }

    std::shared_ptr<Heap> heap;
    Block block;
    uint64_t identity = 0;
    std::shared_ptr<FakeFence> work;
};

INSTANTIATE_TEST_SUITE_P(
    Machines, FenceTest,
    testing::Values(Machine{"memfd", "memfd", true}, Machine{"udmabuf", "udmabuf", true},
                    Machine{"udmabuf_on_an_old_kernel", "udmabuf", false},
                    Machine{"system_heap", "dma-heap:system", true},
                    Machine{"system_heap_on_an_old_kernel", "dma-heap:system", false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_P(FenceTest, IsIdleWithoutAFence) {
    EXPECT_TRUE(block.isIdle(Access::Read));
    EXPECT_TRUE(block.isIdle(Access::ReadWrite));
    EXPECT_TRUE(must(block.waitUntilIdle(Access::ReadWrite, milliseconds::max())));
}

TEST_P(FenceTest, TellsReadersFromWriters) {
    begin(Access::Read);
    EXPECT_TRUE(block.isIdle(Access::Read));
    EXPECT_FALSE(block.isIdle(Access::Write));
    finish();
    begin(Access::Write);
    EXPECT_FALSE(block.isIdle(Access::Read));
    EXPECT_FALSE(block.isIdle(Access::Write));
    finish();
    EXPECT_TRUE(block.isIdle(Access::Read));
    EXPECT_TRUE(block.isIdle(Access::Write));
}

TEST_P(FenceTest, MapsWhenTheDeviceIsDone) {
    begin(Access::Write);
    std::thread device([&] { finish(); });
    Mapping mapping = must(block.map(Access::Read));
    EXPECT_TRUE(work->done);
    device.join();
    must(mapping.end());
    EXPECT_EQ(fake.startsThatWaited(), 0u);
}

TEST_P(FenceTest, FailsAMapWhoseTimeIsOverInsteadOfHanging) {
    reopen(",wait=10");
    begin(Access::Write);
    const Result<Mapping> mapped = block.map(Access::Read);
    ASSERT_FALSE(mapped.ok());
    EXPECT_EQ(mapped.error().code, ETIMEDOUT);
    EXPECT_THAT(mapped.error().message(),
                AllOf(HasSubstr(GetParam().heap), HasSubstr("wait=10"), HasSubstr("block 'frame'"),
                      HasSubstr("has not finished with the memory after 10 ms"),
                      HasSubstr("give it longer with wait=")));
    EXPECT_EQ(fake.startsThatWaited(), 0u) << "it would have hung there";
    EXPECT_EQ(fake.syncFlags(block.fd()).size(), 0u);
    EXPECT_EQ(block.endAccess().error().code, EINVAL) << "nothing is open";

    finish();
    must(block.beginAccess(Access::ReadWrite));
    must(block.endAccess());
}

TEST_P(FenceTest, FailsAnUpgradeWhoseTimeIsOverAndKeepsTheOuterAccess) {
    reopen(",wait=10");
    begin(Access::Read);
    Mapping reader = must(block.map(Access::Read));
    EXPECT_EQ(block.map(Access::Write).error().code, ETIMEDOUT);
    must(reader.end());
    EXPECT_EQ(block.endAccess().error().code, EINVAL);
    finish();
}

TEST_P(FenceTest, OnlyLooksWhereTheHeapWaitsForNothing) {
    reopen(",wait=0");
    must(block.map(Access::ReadWrite).value().end());
    begin(Access::Write);
    EXPECT_EQ(block.map(Access::Read).error().code, ETIMEDOUT);
    finish();
    must(block.map(Access::Read).value().end());
}

// ---- The next user.

TEST_P(FenceTest, GivesMemoryToNobodyWhileADeviceIsNotDoneWithIt) {
    begin(Access::Read);
    block.reset();
    EXPECT_EQ(heap->stats().held, page);
    EXPECT_EQ(heap->stats().cached, 0u);
    {
        std::vector<Block> others;
        while (heap->stats().largestFree >= page) {
            others.push_back(allocate(heap, page));
            EXPECT_NE(FakeKernel::identityOf(others.back().fd()), identity);
        }
        EXPECT_EQ(others.size(), 15u);
        EXPECT_EQ(heap->allocate(page).error().code, ENOMEM);
        must(heap->validate());

        finish();
        const Block again = allocate(heap, page);
        EXPECT_EQ(FakeKernel::identityOf(again.fd()), identity);
    }
    EXPECT_EQ(heap->stats().held, 0u);
    must(heap->validate());
}

TEST_P(FenceTest, DropsFencesWithTheHeapThatIsDestroyed) {
    begin(Access::Write);
    block.reset();
    must(heap->destroy());
    finish();
}

TEST_P(FenceTest, KeepsDescriptorsBounded) {
    const test::LeakCheck before;
    for (int n = 0; n < 200; ++n) {
        begin(n % 2 == 0 ? Access::Read : Access::Write);
        finish();
    }
    EXPECT_TRUE(block.isIdle(Access::ReadWrite));
    EXPECT_EQ(fake.liveBuffers(), isDmaBuf() ? 1u : 0u); // and collects what the emulation keeps
    EXPECT_EQ(before.difference(), "");
}

TEST_P(FenceTest, KeepsDescriptorsBoundedWhileEverythingIsPending) {
    const test::LeakCheck before;
    std::vector<std::shared_ptr<FakeFence>> works(200);
    for (auto& each : works)
        must(block.importFence(fake.newSyncFile(each), Access::Read));
    fake.liveBuffers();
    const std::string kept = before.difference();
    EXPECT_LE(std::count(kept.begin(), kept.end(), '\n'), 2) << "and one is the emulation's\n"
                                                             << kept;
    for (size_t n = 0; n < works.size(); ++n) {
        EXPECT_FALSE(block.isIdle(Access::Write)) << n;
        fake.finishWork(works[n]);
    }
    EXPECT_TRUE(block.isIdle(Access::Write));
}

// ---- What is no fence.

TEST_P(FenceTest, RefusesWhatIsNoFenceAndStaysWhatItWas) {
    EXPECT_EQ(block.importFence(UniqueFd(), Access::Read).error().code, EBADF);
    const int closed = fake.eventFd();
    { const UniqueFd owner(closed); }
    const Result<void> refused = block.importFence(UniqueFd(closed), Access::Read);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().code, testing::AnyOf(EBADF, EINVAL));
    EXPECT_THAT(refused.error().message(),
                AllOf(HasSubstr("block 'frame'"), HasSubstr(GetParam().heap)));
    EXPECT_EQ(block.importFence(UniqueFd(fake.memfdCreate("file", 0)), Access::Read).error().code,
              EINVAL);
    EXPECT_TRUE(block.isIdle(Access::Write));
}

TEST_P(FenceTest, TakesAnEventfdWhereNoKernelKeepsFences) {
    UniqueFd done(fake.eventFd());
    const Result<void> taken =
        block.importFence(UniqueFd(fake.duplicate(done.get())), Access::Write);
    if (isDmaBuf() && GetParam().knowsSyncFiles) {
        EXPECT_EQ(taken.error().code, EINVAL);
        EXPECT_THAT(taken.error().message(), HasSubstr("no sync_file"));
        return;
    }
    must(taken);
    EXPECT_FALSE(block.isIdle(Access::Read));
    ASSERT_EQ(::eventfd_write(done.get(), 1), 0);
    EXPECT_TRUE(block.isIdle(Access::Read));
}

TEST_P(FenceTest, SaysWhatPollAnswers) {
    begin(Access::Write);
    faults.failFrom(Call::Poll, 1, ENOMEM);
    EXPECT_FALSE(block.isIdle(Access::Read));
    EXPECT_EQ(block.waitUntilIdle(Access::Read, look).error().code, ENOMEM);
    EXPECT_EQ(block.map(Access::Read).error().code, ENOMEM);
    faults.clearFaults();
    EXPECT_EQ(block.endAccess().error().code, EINVAL);
    finish();
    EXPECT_TRUE(block.isIdle(Access::Read));
}

// ---- Out again.

TEST_P(FenceTest, ExportsWhatItWaitsForWhereTheKernelKeepsIt) {
    begin(Access::Read);
    Result<UniqueFd> forWriters = block.exportFence(Access::Write);
    if (!isDmaBuf() || !GetParam().knowsSyncFiles) {
        ASSERT_FALSE(forWriters.ok());
        EXPECT_EQ(forWriters.error().code, EOPNOTSUPP);
        EXPECT_THAT(forWriters.error().message(),
                    AllOf(HasSubstr("block 'frame'"),
                          HasSubstr(isDmaBuf() ? "use Linux 6.0" : "open udmabuf")));
        return;
    }
    const UniqueFd all = must(std::move(forWriters));
    const UniqueFd writers = must(block.exportFence(Access::Read));
    const Block other = allocate(heap, page);
    must(other.importFence(UniqueFd(fake.duplicate(writers.get())), Access::Write));
    EXPECT_TRUE(other.isIdle(Access::Read)) << "nobody writes";
    must(other.importFence(UniqueFd(fake.duplicate(all.get())), Access::Write));
    EXPECT_FALSE(other.isIdle(Access::Read));
    finish();
    EXPECT_TRUE(other.isIdle(Access::Read));
}

} // namespace
} // namespace mediaheap
