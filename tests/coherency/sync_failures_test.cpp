// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Syncs that are interrupted, or fail, with caches that show what became of the data.
#include <cerrno>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "captured_log.h"
#include "heap_test.h"
#include "rehearsal.h"
#include "sync_kernel.h"

namespace mediaheap {
namespace {

using test::CapturedLog;
using test::HeapTest;
using test::KernelOverride;
using test::must;
using test::Part;
using test::Rehearsal;
using test::SyncKernel;
using testing::AllOf;
using testing::HasSubstr;

constexpr uint64_t line = 64;

class SyncFailureTest : public HeapTest {
protected:
    SyncFailureTest() : override_(syncs) {}

    SyncKernel syncs{faults};

private:
    const KernelOverride override_;
};

/// A frame's way between CPU and devices, with each kind of sync at least once.
void passAround(Rehearsal& rehearsal) {
    const size_t size = 2 * rehearsal.block(rehearsal.allocate(1, "smallest")).size();
    for (int round = 0; round < 2; ++round) { // the second on recycled memory
        const size_t frame = rehearsal.allocate(size, "frame");
        const Part part{frame, 0, 6 * line};
        const Part inner{frame, 2 * line, line};

        rehearsal.begin(part, Access::Write);
        rehearsal.cpuWrite(part);
        rehearsal.begin(inner, Access::Read); // writes back first
        rehearsal.cpuRead(inner);
        rehearsal.end(frame);
        rehearsal.end(frame);
        rehearsal.deviceInvert(part);

        rehearsal.begin(part, Access::Read);
        rehearsal.cpuRead(part);
        rehearsal.begin(inner, Access::Write);
        rehearsal.cpuWrite({frame, inner.offset, 16});
        rehearsal.end(frame);
        rehearsal.end(frame);
        rehearsal.deviceRead(part);
        rehearsal.deviceWrite(inner);

        rehearsal.begin(part, Access::ReadWrite);
        rehearsal.cpuRead(part);
        rehearsal.cpuWrite(inner);
        rehearsal.end(frame);
        rehearsal.readAll();
        rehearsal.free(frame);
    }
}

TEST_F(SyncFailureTest, AnInterruptedSyncIsRestartedAndTheDataIsRight) {
    uint64_t undisturbed = 0;
    for (const int error : {0, EINTR, EAGAIN}) {
        for (const uint64_t times : {1, 7}) {
            const uint64_t before = syncs.syncs().size();
            syncs.delayEach(error, error ? times : 0);
            const uint64_t refused = syncs.refused();
            {
                Rehearsal rehearsal("simulated,size=1M,line=64,evict=3");
                passAround(rehearsal);
                EXPECT_EQ(rehearsal.wrongReads(), 0u);
                EXPECT_EQ(rehearsal.heap()->stats().violations, 0u);
            }
            const uint64_t made = syncs.syncs().size() - before;
            if (!error)
                undisturbed = made;
            EXPECT_GT(made, 20u);
            EXPECT_EQ(made, undisturbed) << "restarted, and counted once";
            EXPECT_EQ(syncs.refused() - refused, error ? made * times : 0);
        }
    }
}

/// Opens what passAround() opens on memory that a device has written, and says how it went.
class FailingStartTest : public SyncFailureTest, public testing::WithParamInterface<int> {
protected:
    FailingStartTest() {
        frame = rehearsal.allocate(4 * page, "frame");
        other = rehearsal.allocate(page, "other");
        rehearsal.deviceWrite(rehearsal.whole(frame));
        rehearsal.deviceWrite(rehearsal.whole(other));
    }
    ~FailingStartTest() override {
        EXPECT_EQ(rehearsal.heap()->stats().violations, 0u);
        EXPECT_EQ(rehearsal.wrongReads(), 0u);
    }

    Part lines(size_t block, uint64_t at, uint64_t count) const {
        return {block, at * line, count * line};
    }

    /// The device may write there: nobody has an access open.
    void expectNothingOpen(Part part) {
        rehearsal.deviceWrite(part);
        rehearsal.begin(part, Access::Read);
        rehearsal.cpuRead(part);
        rehearsal.end(part.block);
    }

    Rehearsal rehearsal{"simulated,size=1M,line=64,evict=3"};
    size_t frame = 0;
    size_t other = 0;
};

INSTANTIATE_TEST_SUITE_P(Accesses, FailingStartTest, testing::Values(1, 2, 3), [](const auto& row) {
    return row.param == 1 ? "Reading" : row.param == 2 ? "Writing" : "Both";
});

TEST_P(FailingStartTest, FailsTheMapAndLeavesNothingOpen) {
    const auto access = static_cast<Access>(GetParam());
    syncs.fail(1, EIO);
    const Result<Mapping> mapping = rehearsal.block(frame).map(access);
    ASSERT_FALSE(mapping.ok());
    EXPECT_EQ(mapping.error().code, EIO);
    EXPECT_THAT(mapping.error().message(),
                AllOf(HasSubstr("heap 'simulated"), HasSubstr("'frame'"), HasSubstr("START")));
    EXPECT_EQ(rehearsal.block(frame).endAccess().error().code, EINVAL);
    expectNothingOpen(rehearsal.whole(frame));
}

TEST_P(FailingStartTest, LeavesOtherBlocksAndTheirAccessesAlone) {
    rehearsal.begin(rehearsal.whole(other), Access::ReadWrite);
    rehearsal.cpuRead(rehearsal.whole(other));
    rehearsal.cpuWrite(lines(other, 1, 2));
    syncs.fail(1, EIO);
    EXPECT_FALSE(rehearsal.block(frame).map(static_cast<Access>(GetParam())).ok());
    rehearsal.cpuRead(rehearsal.whole(other));
    rehearsal.end(other);
    rehearsal.readAll();
}

TEST_P(FailingStartTest, LeavesAccessesToOtherPartsOfTheBlockAlone) {
    rehearsal.begin(lines(frame, 0, 4), Access::ReadWrite);
    rehearsal.cpuWrite(lines(frame, 1, 1));
    syncs.fail(1, EIO);
    EXPECT_FALSE(rehearsal.block(frame)
                     .beginAccess(static_cast<Access>(GetParam()), 8 * line, 4 * line)
                     .ok());
    expectNothingOpen(lines(frame, 8, 4));
    rehearsal.cpuRead(lines(frame, 0, 4));
    rehearsal.end(frame);
    rehearsal.readAll();
}

TEST_P(FailingStartTest, UndoesThePartsThatWereStartedBeforeTheOneThatFailed) {
    // An access in the middle leaves a piece to be started on either side of it.
    rehearsal.begin(lines(frame, 4, 2), Access::ReadWrite);
    syncs.fail(2, EIO);
    EXPECT_FALSE(
        rehearsal.block(frame).beginAccess(static_cast<Access>(GetParam()), 0, 12 * line).ok());
    rehearsal.cpuWrite(lines(frame, 4, 2));
    expectNothingOpen(lines(frame, 8, 4));
    rehearsal.end(frame);
    expectNothingOpen(lines(frame, 0, 4));
    rehearsal.readAll();
}

class FailingJoinTest : public FailingStartTest {};

INSTANTIATE_TEST_SUITE_P(Syncs, FailingJoinTest, testing::Values(1, 2), [](const auto& row) {
    return row.param == 1 ? "TheWriteBack" : "TheStart";
});

TEST_P(FailingJoinTest, LeavesTheWriterWhatItHasWritten) {
    rehearsal.begin(lines(frame, 0, 4), Access::Write);
    rehearsal.cpuWrite(lines(frame, 0, 4));
    syncs.fail(static_cast<uint64_t>(GetParam()), EIO);
    EXPECT_EQ(rehearsal.block(frame).beginAccess(Access::Read, 0, 4 * line).error().code, EIO);
    rehearsal.cpuWrite(lines(frame, 1, 1));
    rehearsal.end(frame);
    EXPECT_EQ(rehearsal.block(frame).endAccess().error().code, EINVAL);
    rehearsal.readAll();
}

TEST_F(SyncFailureTest, AFailedEndIsReportedAndTheDeviceThatReadsAllTheSameIsToo) {
    const CapturedLog log;
    Rehearsal rehearsal("simulated,size=1M,line=64,evict=3");
    const size_t frame = rehearsal.allocate(page, "frame");
    rehearsal.begin(rehearsal.whole(frame), Access::Write);
    rehearsal.cpuWrite({frame, 0, line});
    syncs.fail(1, EIO);
    const Result<void> ended = rehearsal.block(frame).endAccess();
    ASSERT_FALSE(ended.ok());
    EXPECT_EQ(ended.error().code, EIO);
    EXPECT_THAT(ended.error().message(), AllOf(HasSubstr("'frame'"), HasSubstr("END")));
    EXPECT_EQ(rehearsal.block(frame).endAccess().error().code, EINVAL);

    rehearsal.deviceRead({frame, 0, line});
    EXPECT_EQ(rehearsal.heap()->stats().violations, 1u) << "nothing has cleaned the line";
    rehearsal.begin(rehearsal.whole(frame), Access::Write);
    rehearsal.end(frame);
    rehearsal.deviceRead({frame, 0, line});
    EXPECT_EQ(rehearsal.heap()->stats().violations, 1u) << "and now something has";
    EXPECT_EQ(rehearsal.wrongReads(), 1u);
}

TEST_F(SyncFailureTest, ADeviceThatCannotBeStartedKeepsNobodyWaiting) {
    Rehearsal rehearsal("simulated,size=1M,line=64,evict=3,wait=1");
    const size_t from = rehearsal.allocate(page, "from");
    const size_t to = rehearsal.allocate(page, "to");
    simulated::Operation copy;
    copy.kind = simulated::Operation::Kind::Copy;
    copy.fd = rehearsal.block(from).fd();
    copy.target = rehearsal.block(to).fd();
    copy.size = page;

    unsigned failures = 0;
    for (uint64_t ordinal = 1;; ++ordinal) {
        faults.failNth(ordinal, EMFILE);
        const Result<UniqueFd> fence = rehearsal.worker.start(copy);
        const bool fired = faults.fired() != "";
        faults.clearFaults();
        if (fence) {
            EXPECT_EQ(rehearsal.block(to).map(Access::Write).error().code, ETIMEDOUT);
            rehearsal.finish();
        } else {
            ++failures;
            EXPECT_EQ(fence.error().code, EMFILE) << faults.fired();
        }
        for (const size_t block : {from, to})
            EXPECT_TRUE(rehearsal.block(block).map(Access::Write).ok())
                << "after call " << ordinal << " (" << faults.fired() << ") failed";
        if (!fired || HasFailure())
            break;
    }
    EXPECT_GT(failures, 4u);
}

TEST_F(SyncFailureTest, AllocatingFailsWhereClearingCannotBeSyncedAndTheMemoryStaysTheHeaps) {
    Rehearsal rehearsal("simulated,size=1M,line=64,evict=3");
    for (const uint64_t ordinal : {1, 2}) {
        const size_t first = rehearsal.allocate(page, "first");
        rehearsal.begin(rehearsal.whole(first), Access::Write);
        rehearsal.cpuWrite(rehearsal.whole(first));
        rehearsal.end(first);
        rehearsal.free(first);

        syncs.fail(ordinal, EIO);
        const Result<Block> refused = rehearsal.heap()->allocate(page);
        ASSERT_FALSE(refused.ok()) << "recycled memory was not cleared";
        EXPECT_EQ(refused.error().code, EIO);
        EXPECT_EQ(rehearsal.heap()->stats().used, 0u);
        const size_t next = rehearsal.allocate(page, "next");
        rehearsal.begin(rehearsal.whole(next), Access::Read);
        rehearsal.cpuRead(rehearsal.whole(next));
        rehearsal.end(next);
        rehearsal.readAll();
        rehearsal.free(next);
        EXPECT_EQ(rehearsal.wrongReads(), 0u);
        must(rehearsal.heap()->validate());
    }
    EXPECT_EQ(rehearsal.heap()->stats().violations, 0u);
}

} // namespace
} // namespace mediaheap
