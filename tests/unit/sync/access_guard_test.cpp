// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The protection of a mapping while accesses to it begin and end.
#include "sync/access_guard.h"

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_kernel.h"
#include "fault_kernel.h"
#include "must.h"
#include "protection.h"
#include "sync/access_counter.h"
#include "sync/access_trace.h"
#include "sync/guarded_range.h"
#include "sync/plain_side.h"

namespace mediaheap {
namespace {

using test::must;
using test::protectionOf;
using testing::HasSubstr;

class AccessGuardTest : public testing::Test {
protected:
    AccessGuardTest() {
        EXPECT_EQ(kernel.map(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                             &memory),
                  0);
        // Neighbours of another kind, so that the kernel joins our mapping with nothing.
        guard = must(AccessGuard::make(kernel, memory, size, true, {StrayPolicy::Abort, &strays}));
        guard->lend("frame", "memfd");
        trace = std::make_unique<AccessTrace>(guard.get());
        counter = std::make_unique<AccessCounter>(side, stats, std::chrono::milliseconds(100),
                                                  trace.get());
    }
    ~AccessGuardTest() override {
        counter.reset();
        trace.reset();
        guard.reset();
        kernel.unmap(memory, size);
    }

    std::string protection() { return protectionOf(memory, size); }
    bool begin(Access access) { return counter->begin(access, {0, size}).ok(); }
    bool end() { return counter->end().ok(); }

    test::FaultKernel kernel{Kernel::system()};
    const size_t size = 4 * kernel.pageSize();
    void* memory = nullptr;
    std::atomic<unsigned> strays{0};
    std::unique_ptr<AccessGuard> guard;
    std::unique_ptr<AccessTrace> trace;
    PlainSide side{kernel, size};
    SyncStats stats;
    std::unique_ptr<AccessCounter> counter;
};

// ---- What is open.

TEST_F(AccessGuardTest, KeepsTheMappingClosedOutsideAccesses) {
    EXPECT_EQ(protection(), "---");
    EXPECT_TRUE(begin(Access::Read));
    EXPECT_TRUE(end());
    EXPECT_EQ(protection(), "---");
}

TEST_F(AccessGuardTest, OpensItForReadingInAnAccessForReading) {
    EXPECT_TRUE(begin(Access::Read));
    EXPECT_EQ(protection(), "r--");
    EXPECT_TRUE(end());
}

TEST_F(AccessGuardTest, OpensItForWritingInAnAccessForWriting) {
    for (const Access access : {Access::Write, Access::ReadWrite}) {
        EXPECT_TRUE(begin(access));
        EXPECT_EQ(protection(), "rw-");
        EXPECT_TRUE(end());
        EXPECT_EQ(protection(), "---");
    }
}

TEST_F(AccessGuardTest, OpensItForWritingWhenAWriteJoinsARead) {
    EXPECT_TRUE(begin(Access::Read));
    EXPECT_TRUE(begin(Access::Write));
    EXPECT_EQ(protection(), "rw-");
    EXPECT_TRUE(end());
    EXPECT_EQ(protection(), "rw-") << "nobody said which of the two has ended";
    EXPECT_TRUE(end());
    EXPECT_EQ(protection(), "---");
}

TEST_F(AccessGuardTest, OpensTheWholeMappingForAPartOfTheBlock) {
    EXPECT_TRUE(counter->begin(Access::Read, {size / 2, 1}).ok());
    EXPECT_EQ(protection(), "r--");
    EXPECT_TRUE(counter->begin(Access::Write, {0, 1}).ok());
    EXPECT_EQ(protection(), "rw-") << "and never splits it";
    EXPECT_TRUE(end());
    EXPECT_TRUE(end());
    EXPECT_EQ(protection(), "---");
}

TEST_F(AccessGuardTest, ChangesNothingForWhatNests) {
    EXPECT_TRUE(begin(Access::ReadWrite));
    const uint64_t calls = kernel.calls(test::Call::Protect);
    for (int n = 0; n < 10; ++n)
        EXPECT_TRUE(begin(n % 2 == 0 ? Access::Read : Access::Write));
    for (int n = 0; n < 10; ++n)
        EXPECT_TRUE(end());
    EXPECT_EQ(kernel.calls(test::Call::Protect), calls);
    EXPECT_TRUE(end());
    EXPECT_EQ(kernel.calls(test::Call::Protect), calls + 1);
}

TEST_F(AccessGuardTest, LeavesTheMappingAsItIsInTheEnd) {
    EXPECT_NE(GuardedRange::find(reinterpret_cast<uintptr_t>(memory)), nullptr);
    counter.reset();
    trace.reset();
    guard.reset();
    EXPECT_EQ(GuardedRange::find(reinterpret_cast<uintptr_t>(memory)), nullptr);
    EXPECT_EQ(protection(), "---");
}

TEST_F(AccessGuardTest, KnowsAMappingByEachOfItsBytesAndNoOther) {
    const auto first = reinterpret_cast<uintptr_t>(memory);
    GuardedRange* const range = GuardedRange::find(first);
    ASSERT_NE(range, nullptr);
    EXPECT_EQ(GuardedRange::find(first + size - 1), range);
    EXPECT_NE(GuardedRange::find(first - 1), range);
    EXPECT_NE(GuardedRange::find(first + size), range);
}

// ---- Failures.

TEST_F(AccessGuardTest, GuardsNothingThatCannotBeClosed) {
    void* other = nullptr;
    ASSERT_EQ(kernel.map(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, &other), 0);
    kernel.failNth(1, ENOMEM);
    const auto failed = AccessGuard::make(kernel, other, size, false, {});
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code, ENOMEM);
    EXPECT_THAT(failed.error().step, HasSubstr("mprotect"));
    EXPECT_EQ(GuardedRange::find(reinterpret_cast<uintptr_t>(other)), nullptr);
    kernel.unmap(other, size);
}

TEST_F(AccessGuardTest, OpensNoAccessThatTheMappingCannotBeOpenedFor) {
    kernel.failNth(1, ENOMEM);
    const Result<void> begun = counter->begin(Access::Read, {0, size});
    ASSERT_FALSE(begun.ok());
    EXPECT_EQ(begun.error().code, ENOMEM);
    EXPECT_EQ(counter->open(), 0u);
    EXPECT_EQ(counter->end().error().code, EINVAL);
    EXPECT_EQ(protection(), "---");
    EXPECT_TRUE(trace->open().empty());
    EXPECT_TRUE(begin(Access::Read)) << "the next may work again";
    EXPECT_EQ(protection(), "r--");
    EXPECT_TRUE(end());
}

TEST_F(AccessGuardTest, KeepsTheOuterAccessWhenAnUpgradeFails) {
    EXPECT_TRUE(begin(Access::Read));
    kernel.failNth(1, ENOMEM);
    EXPECT_FALSE(begin(Access::Write));
    EXPECT_EQ(counter->open(), 1u);
    EXPECT_EQ(protection(), "r--");
    EXPECT_TRUE(begin(Access::Read));
    EXPECT_EQ(protection(), "r--") << "what failed is not held against those who only read";
    EXPECT_TRUE(end());
    EXPECT_TRUE(end());
    EXPECT_EQ(protection(), "---");
}

TEST_F(AccessGuardTest, SaysThatAMappingCouldNotBeClosedAndClosesTheAccess) {
    EXPECT_TRUE(begin(Access::Write));
    kernel.failNth(1, ENOMEM);
    const Result<void> ended = counter->end();
    ASSERT_FALSE(ended.ok());
    EXPECT_EQ(ended.error().code, ENOMEM);
    EXPECT_EQ(counter->open(), 0u);
    EXPECT_EQ(protection(), "rw-");
    EXPECT_TRUE(begin(Access::Read));
    EXPECT_EQ(protection(), "r--") << "the next access puts it right";
    EXPECT_TRUE(end());
    EXPECT_EQ(protection(), "---");
}

TEST_F(AccessGuardTest, IsNotStoppedByASignal) {
    kernel.failNth(1, EINTR);
    EXPECT_TRUE(begin(Access::Read));
    kernel.failNth(1, EINTR);
    EXPECT_TRUE(end());
    EXPECT_EQ(protection(), "---");
}

} // namespace
} // namespace mediaheap
