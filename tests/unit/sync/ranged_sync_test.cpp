// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Accesses to parts of a block, where the exporter can sync parts and where it cannot.
#include <atomic>
#include <cerrno>
#include <linux/dma-buf.h>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../kernel/exporter_facts.h"
#include "fake_kernel.h"
#include "must.h"
#include "sync/access_counter.h"
#include "sync/dmabuf_side.h"
#include "sync/dmabuf_uapi.h"

namespace mediaheap {
namespace {

using test::FakeKernel;
using test::must;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t size = 65536;

class RangedSyncTest : public testing::Test {
protected:
    RangedSyncTest() {
        kernel.knowsSyncRange = true;
        EXPECT_EQ(
            kernel.map(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, buffer.get(), &data), 0);
        side.mappedAt(data);
        kernel.forgetSyncCalls();
    }
    ~RangedSyncTest() override {
        kernel.unmap(data, size);
        kernel.knowsSyncRange = false;
        kernel.forgetSyncCalls();
    }

    /// What was done since the last call, as `invalidate 0+64`.
    std::vector<std::string> calls() {
        std::vector<std::string> texts;
        for (const test::SyncCall& call : kernel.syncCalls()) {
            if (call.buffer != FakeKernel::identityOf(buffer.get()) || call.result != 0)
                continue;
            std::string what = call.flags == DmabufRange::writeBack ? "write back " : "invalidate ";
            if (!call.isPart)
                what = (call.flags & DMA_BUF_SYNC_END) != 0 ? "END of all " : "START of all ";
            texts.push_back(what + std::to_string(call.offset) + "+" + std::to_string(call.size));
        }
        kernel.forgetSyncCalls();
        return texts;
    }

    FakeKernel& kernel = static_cast<FakeKernel&>(test::exporterKernel());
    const UniqueFd buffer{test::newDmaBuf("system", size)};
    void* data = nullptr;
    const std::shared_ptr<DmabufAbilities> abilities = std::make_shared<DmabufAbilities>();
    DmabufSide side{kernel, buffer.get(), size, abilities};
    SyncStats stats;
    AccessCounter counter{side, stats, std::chrono::milliseconds(100)};
};

// ---- Whether.

TEST_F(RangedSyncTest, TriesOnceForAllBuffersOfAnExporter) {
    EXPECT_EQ(abilities->syncsRanges, DmabufAbilities::Answer::Yes);
    DmabufSide sibling(kernel, buffer.get(), size, abilities);
    sibling.mappedAt(data);
    EXPECT_THAT(calls(), IsEmpty());
    EXPECT_EQ(sibling.reach({100, 10}), (ByteRange{64, 64}));
}

TEST_F(RangedSyncTest, ThreadsThatTryAtOnceAllFindWhatTheExporterCannot) {
    kernel.knowsSyncRange = false;
    constexpr int rounds = 20000;
    std::vector<DmabufAbilities> unknown(rounds);
    std::atomic<int> arrived{0};
    std::atomic<int> mistaken{0};
    const auto mapAll = [&] {
        for (int round = 0; round < rounds; ++round) {
            const std::shared_ptr<DmabufAbilities> shared(std::shared_ptr<void>(),
                                                          &unknown[static_cast<size_t>(round)]);
            DmabufSide own(kernel, buffer.get(), size, shared);
            for (++arrived; arrived < 2 * (round + 1);)
                std::this_thread::yield();
            own.mappedAt(data);
            mistaken += own.reach({100, 10}) == (ByteRange{0, size}) ? 0 : 1;
        }
    };
    std::thread other(mapAll);
    mapAll();
    other.join();
    EXPECT_EQ(mistaken, 0);
}

TEST_F(RangedSyncTest, TriesWithWhatDisturbsNobody) {
    DmabufSide first(kernel, buffer.get(), size);
    first.mappedAt(data);
    EXPECT_THAT(calls(), ElementsAre("write back 0+64"));
}

TEST_F(RangedSyncTest, SyncsTheWholeOfABlockWhereItCannotDoParts) {
    kernel.knowsSyncRange = false;
    const auto unknown = std::make_shared<DmabufAbilities>();
    DmabufSide plain(kernel, buffer.get(), size, unknown);
    plain.mappedAt(data);
    EXPECT_EQ(unknown->syncsRanges, DmabufAbilities::Answer::No);
    EXPECT_EQ(plain.reach({100, 10}), (ByteRange{0, size}));
    AccessCounter whole(plain, stats, std::chrono::milliseconds(100));
    must(whole.begin(Access::Write, {100, 10}));
    must(whole.begin(Access::Write, {size - 10, 10}));
    must(whole.end());
    must(whole.end());
    EXPECT_THAT(calls(), ElementsAre("START of all 0+0", "END of all 0+0"));
    EXPECT_EQ(stats.bytes, 2 * size);
    kernel.knowsSyncRange = true;
    DmabufSide sibling(kernel, buffer.get(), size, unknown);
    sibling.mappedAt(data);
    EXPECT_THAT(calls(), IsEmpty()) << "the answer is remembered";
}

TEST_F(RangedSyncTest, DoesNotRememberAFailureThatMayPass) {
    const auto unsure = std::make_shared<DmabufAbilities>();
    kernel.failSync(DMA_BUF_SYNC_END, EIO);
    DmabufSide first(kernel, buffer.get(), size, unsure);
    first.mappedAt(data);
    EXPECT_EQ(first.reach({100, 10}), (ByteRange{0, size}));
    DmabufSide second(kernel, buffer.get(), size, unsure);
    second.mappedAt(data);
    EXPECT_EQ(second.reach({100, 10}), (ByteRange{64, 64}));
}

TEST_F(RangedSyncTest, ReachesWholeLinesAndNothingBeyondTheEnd) {
    EXPECT_EQ(side.reach({0, 1}), (ByteRange{0, 64}));
    EXPECT_EQ(side.reach({63, 2}), (ByteRange{0, 128}));
    EXPECT_EQ(side.reach({64, 64}), (ByteRange{64, 64}));
    EXPECT_EQ(side.reach({0, size}), (ByteRange{0, size}));
    DmabufSide odd(kernel, buffer.get(), 1000, abilities);
    odd.mappedAt(data);
    EXPECT_EQ(odd.reach({970, 30}), (ByteRange{960, 40}));
}

// ---- Which parts.

TEST_F(RangedSyncTest, SyncsThePartAlone) {
    must(counter.begin(Access::Read, {100, 100}));
    EXPECT_THAT(calls(), ElementsAre("invalidate 64+192"));
    must(counter.end());
    EXPECT_THAT(calls(), ElementsAre("write back 64+192"));
    EXPECT_EQ(stats.bytes, 2 * 192u);
    EXPECT_EQ(stats.issued, 2u);
}

TEST_F(RangedSyncTest, SyncsDisjointPartsEachForItself) {
    must(counter.begin(Access::Write, {0, 64}));
    must(counter.begin(Access::Write, {4096, 64}));
    must(counter.end());
    must(counter.end());
    EXPECT_THAT(calls(), ElementsAre("invalidate 0+64", "invalidate 4096+64", "write back 0+64",
                                     "write back 4096+64"));
}

TEST_F(RangedSyncTest, EndsAdjacentPartsOfOneKindTogether) {
    must(counter.begin(Access::Write, {64, 64}));
    must(counter.begin(Access::Write, {0, 64}));
    must(counter.begin(Access::Write, {128, 64}));
    for (int n = 0; n < 3; ++n)
        must(counter.end());
    EXPECT_THAT(calls(), ElementsAre("invalidate 64+64", "invalidate 0+64", "invalidate 128+64",
                                     "write back 0+192"));
}

TEST_F(RangedSyncTest, StartsOfAnOverlappingPartOnlyWhatIsNew) {
    must(counter.begin(Access::Read, {0, 128}));
    must(counter.begin(Access::Read, {64, 128}));
    must(counter.end());
    must(counter.end());
    EXPECT_THAT(calls(), ElementsAre("invalidate 0+128", "invalidate 128+64", "write back 0+192"));
}

TEST_F(RangedSyncTest, StartsNothingForAPartWithin) {
    must(counter.begin(Access::ReadWrite, {0, 4096}));
    must(counter.begin(Access::Read, {1000, 10}));
    must(counter.end());
    must(counter.end());
    EXPECT_THAT(calls(), ElementsAre("invalidate 0+4096", "write back 0+4096"));
    EXPECT_EQ(stats.saved, 2u);
}

TEST_F(RangedSyncTest, StartsAroundPartsThatAreOpen) {
    must(counter.begin(Access::Read, {1024, 64}));
    must(counter.begin(Access::Read, {0, 4096}));
    must(counter.end());
    must(counter.end());
    EXPECT_THAT(calls(), ElementsAre("invalidate 1024+64", "invalidate 0+1024",
                                     "invalidate 1088+3008", "write back 0+4096"));
}

TEST_F(RangedSyncTest, UpgradesThePartAlone) {
    must(counter.begin(Access::Read, {0, 4096}));
    must(counter.begin(Access::Write, {1024, 64}));
    must(counter.end());
    must(counter.end());
    EXPECT_THAT(calls(), ElementsAre("invalidate 0+4096", "invalidate 1024+64", "write back 0+1024",
                                     "write back 1024+64", "write back 1088+3008"));
}

TEST_F(RangedSyncTest, WritesBackThePartThatAReadJoins) {
    // Invalidating it at once would drop what the write has left there.
    must(counter.begin(Access::Write, {0, 4096}));
    must(counter.begin(Access::Read, {1024, 64}));
    EXPECT_THAT(calls(),
                ElementsAre("invalidate 0+4096", "write back 1024+64", "invalidate 1024+64"));
    must(counter.end());
    must(counter.end());
}

// ---- Failures.

TEST_F(RangedSyncTest, RestartsAnInterruptedSync) {
    for (const int error : {EINTR, EAGAIN}) {
        kernel.failSync(DMA_BUF_SYNC_START, error, 3);
        kernel.failSync(DMA_BUF_SYNC_END, error, 3);
        must(counter.begin(Access::ReadWrite, {64, 64}));
        must(counter.end());
        EXPECT_EQ(kernel.syncCalls().size(), 8u);
        EXPECT_THAT(calls(), ElementsAre("invalidate 64+64", "write back 64+64"));
    }
}

TEST_F(RangedSyncTest, LeavesNothingOpenWhenItFailsInTheMiddle) {
    must(counter.begin(Access::Read, {1024, 64}));
    (void)calls();
    // Two parts are missing around the open one; the second fails.
    kernel.failSync(DMA_BUF_SYNC_START, EIO, 1, 1);
    const Result<void> begun = counter.begin(Access::Read, {0, 4096});
    ASSERT_FALSE(begun.ok());
    EXPECT_EQ(begun.error().code, EIO);
    EXPECT_THAT(begun.error().step, testing::HasSubstr("DMA_BUF_IOCTL_SYNC_RANGE"));
    EXPECT_THAT(calls(), ElementsAre("invalidate 0+1024", "write back 0+1024"));
    EXPECT_EQ(counter.open(), 1u);
    must(counter.end());
    EXPECT_THAT(calls(), ElementsAre("write back 1024+64"));
}

TEST_F(RangedSyncTest, EndsEveryPartThoughOneFails) {
    must(counter.begin(Access::Write, {0, 64}));
    must(counter.begin(Access::Write, {4096, 64}));
    (void)calls();
    kernel.failSync(DMA_BUF_SYNC_END, EIO);
    must(counter.end());
    EXPECT_EQ(counter.end().error().code, EIO);
    EXPECT_THAT(calls(), ElementsAre("write back 4096+64"));
    EXPECT_EQ(counter.open(), 0u);
    EXPECT_EQ(counter.end().error().code, EINVAL);
}

} // namespace
} // namespace mediaheap
