// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Fences that are kept beside the memory, with an eventfd for each.
#include "sync/fence_list.h"

#include <atomic>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "fault_kernel.h"
#include "leak_check.h"
#include "must.h"

namespace mediaheap {
namespace {

using std::chrono::milliseconds;
using test::Call;
using test::must;

constexpr milliseconds look{0};
constexpr milliseconds forEver{INT_MAX};

/// A device's work on the memory.
class Work {
public:
    UniqueFd fence() const { return UniqueFd(::fcntl(done_.get(), F_DUPFD_CLOEXEC, 0)); }
    void finish() { ASSERT_EQ(::eventfd_write(done_.get(), 1), 0); }

private:
    UniqueFd done_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

class FenceListTest : public testing::Test {
private:
    /// At the end, when the list is gone.
    struct NoLeaks {
        ~NoLeaks() { EXPECT_EQ(check.difference(), ""); }
        const test::LeakCheck check;
    };
    const NoLeaks noLeaks_{};

protected:
    bool isIdle(Access access) { return must(fences.waitUntilIdle(access, look)); }

    test::FaultKernel kernel{Kernel::system()};
    FenceList fences{kernel};
};

// ---- Who waits for whom.

TEST_F(FenceListTest, IsIdleWithoutAFenceAndAsksNobody) {
    EXPECT_TRUE(isIdle(Access::Read));
    EXPECT_TRUE(isIdle(Access::ReadWrite));
    EXPECT_EQ(kernel.calls(), 0u);
}

TEST_F(FenceListTest, LetsNobodyOvertakeADeviceThatWrites) {
    for (const Access access : {Access::Write, Access::ReadWrite}) {
        Work work;
        must(fences.add(work.fence(), access));
        EXPECT_FALSE(isIdle(Access::Read));
        EXPECT_FALSE(isIdle(Access::Write));
        EXPECT_FALSE(isIdle(Access::ReadWrite));
        work.finish();
        EXPECT_TRUE(isIdle(Access::Read));
        EXPECT_TRUE(isIdle(Access::Write));
    }
}

TEST_F(FenceListTest, LetsReadersOvertakeADeviceThatReads) {
    Work work;
    must(fences.add(work.fence(), Access::Read));
    EXPECT_TRUE(isIdle(Access::Read));
    EXPECT_FALSE(isIdle(Access::Write));
    EXPECT_FALSE(isIdle(Access::ReadWrite));
    work.finish();
    EXPECT_TRUE(isIdle(Access::Write));
}

TEST_F(FenceListTest, WaitsForAllOfThem) {
    std::vector<Work> works(3);
    for (const Work& work : works)
        must(fences.add(work.fence(), Access::Write));
    works[1].finish();
    works[0].finish();
    EXPECT_FALSE(isIdle(Access::Read));
    works[2].finish();
    EXPECT_TRUE(isIdle(Access::Read));
    EXPECT_EQ(fences.size(), 0u);
}

// ---- How long.

TEST_F(FenceListTest, WakesWhenTheWorkIsDone) {
    Work work;
    must(fences.add(work.fence(), Access::Write));
    std::thread device([&] { work.finish(); });
    EXPECT_TRUE(must(fences.waitUntilIdle(Access::Read, forEver)));
    device.join();
}

TEST_F(FenceListTest, GivesUpWhenItsTimeIsOverAndKeepsTheFence) {
    Work work;
    must(fences.add(work.fence(), Access::Write));
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_FALSE(must(fences.waitUntilIdle(Access::Read, milliseconds(20))));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(20));
    EXPECT_EQ(fences.size(), 1u);
}

/// Interrupts every poll once, at its beginning.
class InterruptingKernel : public test::FaultKernel {
public:
    using FaultKernel::FaultKernel;

    int poll(int fd, short events, int limit) override {
        waits.push_back(limit);
        interrupted_ = !interrupted_;
        return interrupted_ ? -EINTR : FaultKernel::poll(fd, events, limit);
    }

    std::vector<int> waits;

private:
    bool interrupted_ = false;
};

TEST_F(FenceListTest, GoesOnWithWhatIsLeftOfItsTimeAfterASignal) {
    InterruptingKernel interrupting(kernel);
    FenceList list(interrupting);
    Work work;
    must(list.add(work.fence(), Access::Write));
    interrupting.waits.clear();
    EXPECT_FALSE(must(list.waitUntilIdle(Access::Read, milliseconds(20))));
    ASSERT_GE(interrupting.waits.size(), 2u);
    EXPECT_LE(interrupting.waits[0], 20);
    EXPECT_LE(interrupting.waits[1], interrupting.waits[0]);
}

TEST_F(FenceListTest, TakesALongestWaitBeyondWhatPollKnows) {
    Work work;
    must(fences.add(work.fence(), Access::Write));
    work.finish();
    EXPECT_TRUE(must(fences.waitUntilIdle(Access::Read, milliseconds::max())));
}

// ---- Descriptors.

TEST_F(FenceListTest, KeepsNoDescriptorOfWhatIsDoneAlready) {
    Work work;
    work.finish();
    must(fences.add(work.fence(), Access::Write));
    EXPECT_EQ(fences.size(), 0u);
}

TEST_F(FenceListTest, ClosesWhatIsDoneWhenTheNextComes) {
    for (int n = 0; n < 1000; ++n) {
        Work work;
        must(fences.add(work.fence(), n % 2 ? Access::Read : Access::Write));
        EXPECT_EQ(fences.size(), 1u);
        work.finish();
    }
    fences.prune();
    EXPECT_EQ(fences.size(), 0u);
}

TEST_F(FenceListTest, RefusesMoreWorkThanItsLimit) {
    std::vector<Work> works(FenceList::limit + 1);
    for (size_t n = 0; n < FenceList::limit; ++n)
        must(fences.add(works[n].fence(), Access::Read));
    const Result<void> refused = fences.add(works.back().fence(), Access::Read);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, EBUSY);
    EXPECT_NE(refused.error().message().find("32 pieces of work"), std::string::npos);
    EXPECT_EQ(fences.size(), FenceList::limit);
    works[7].finish();
    must(fences.add(works.back().fence(), Access::Read));
    EXPECT_EQ(fences.size(), FenceList::limit);
}

/// Merges any two fences into one that is done when the second is.
class MergingKernel : public test::FaultKernel {
public:
    using FaultKernel::FaultKernel;

    int ioctl(int fd, unsigned long request, void* argument) override {
        if (request != SYNC_IOC_MERGE)
            return FaultKernel::ioctl(fd, request, argument);
        auto& data = *static_cast<sync_merge_data*>(argument);
        data.fence = duplicate(data.fd2);
        return data.fence < 0 ? data.fence : 0;
    }
};

TEST_F(FenceListTest, KeepsOneSyncFileForEachKindOfAccess) {
    MergingKernel merging(kernel);
    FenceList list(merging);
    std::vector<Work> works(100);
    for (size_t n = 0; n < works.size(); ++n)
        must(list.add(works[n].fence(), n % 2 ? Access::Read : Access::Write));
    EXPECT_EQ(list.size(), 2u);
    works[98].finish();
    EXPECT_TRUE(must(list.waitUntilIdle(Access::Read, look)));
    EXPECT_FALSE(must(list.waitUntilIdle(Access::Write, look)));
    works[99].finish();
    EXPECT_TRUE(must(list.waitUntilIdle(Access::Write, look)));
}

TEST_F(FenceListTest, KeepsBothWhereTheyCannotBeMergedForWantOfADescriptor) {
    MergingKernel merging(kernel);
    FenceList list(merging);
    Work first;
    Work second;
    must(list.add(first.fence(), Access::Write));
    merging.failFrom(Call::Duplicate, 1, EMFILE);
    must(list.add(second.fence(), Access::Write));
    EXPECT_EQ(list.size(), 2u);
    second.finish();
    EXPECT_FALSE(must(list.waitUntilIdle(Access::Read, look)));
}

// ---- What is no fence.

TEST_F(FenceListTest, RefusesWhatIsNoDescriptor) {
    EXPECT_EQ(fences.add(UniqueFd(), Access::Read).error().code, EBADF);
    constexpr int nobodys = 987;
    ASSERT_EQ(::fcntl(nobodys, F_GETFD), -1);
    EXPECT_EQ(fences.add(UniqueFd(nobodys), Access::Read).error().code, EBADF);
    EXPECT_EQ(fences.size(), 0u);
}

TEST_F(FenceListTest, RefusesAFile) {
    EXPECT_EQ(fences.add(UniqueFd(kernel.memfdCreate("file", 0)), Access::Read).error().code,
              EINVAL);
    EXPECT_EQ(fences.add(UniqueFd(kernel.open("/", O_RDONLY)), Access::Read).error().code, EINVAL);
    EXPECT_EQ(fences.size(), 0u);
}

TEST_F(FenceListTest, SaysWhatPollAnswersAndStaysWhatItWas) {
    Work work;
    must(fences.add(work.fence(), Access::Write));
    kernel.failFrom(Call::Poll, 1, ENOMEM);
    EXPECT_EQ(fences.add(work.fence(), Access::Write).error().code, ENOMEM);
    EXPECT_EQ(fences.waitUntilIdle(Access::Read, look).error().code, ENOMEM);
    kernel.clearFaults();
    EXPECT_EQ(fences.size(), 1u);
    EXPECT_FALSE(isIdle(Access::Read));
}

TEST_F(FenceListTest, TakesADeviceThatWentAwayForOneThatIsDone) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    UniqueFd device(ends[1]);
    must(fences.add(UniqueFd(ends[0]), Access::Write));
    EXPECT_FALSE(isIdle(Access::Read));
    device.reset();
    EXPECT_TRUE(isIdle(Access::Read));
}

// ---- Threads.

TEST_F(FenceListTest, LetsOthersAddAndPruneWhileOneWaits) {
    Work last;
    must(fences.add(last.fence(), Access::Write));
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    for (int waiter = 0; waiter < 2; ++waiter)
        threads.emplace_back([&] {
            const Result<bool> idle = fences.waitUntilIdle(Access::Read, forEver);
            failures += !idle || !idle.value();
        });
    for (int device = 0; device < 2; ++device)
        threads.emplace_back([&] {
            for (int n = 0; n < 500; ++n) {
                Work work;
                failures += !fences.add(work.fence(), Access::Read).ok();
                work.finish();
                fences.prune();
            }
            last.finish();
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(failures, 0);
    EXPECT_TRUE(isIdle(Access::Write));
}

} // namespace
} // namespace mediaheap
