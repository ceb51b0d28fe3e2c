// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What each sync and each eviction does to the two views, and what is found.
#include "soc/cache_model.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mediaheap {
namespace {

using Kind = simulated::ViolationKind;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr size_t line = 64;
constexpr size_t lines = 8;
constexpr size_t size = line * lines;
constexpr ByteRange whole{0, size};

class CacheModelTest : public testing::TestWithParam<uint64_t> {
protected:
    CacheModelTest() { model = remake(GetParam()); }

    std::unique_ptr<CacheModel> remake(uint64_t seed) {
        return std::make_unique<CacheModel>(cpu.data(), device.data(), size, line, seed);
    }

    static CacheModel::PartyRef actor(uint64_t deviceId) {
        static uint64_t sequence = 0;
        auto made = std::make_shared<CacheModel::Actor>();
        made->party.sequence = ++sequence;
        made->deviceId = deviceId;
        return made;
    }

    void start(Access access, ByteRange range = whole) {
        model->start(access, range, actor(0), findings);
    }
    void end(Access access, ByteRange range = whole) {
        model->end(access, range, actor(0), findings);
    }
    void store(ByteRange range, uint8_t value) {
        std::memset(cpu.data() + range.offset, value, range.size);
    }
    void cpuWrites(ByteRange range, uint8_t value) {
        start(Access::Write, range);
        store(range, value);
        end(Access::Write, range);
    }
    void deviceWrites(ByteRange range, uint8_t value) {
        model->deviceWrites(range, actor(1), findings);
        std::memset(device.data() + range.offset, value, range.size);
    }
    void deviceReads(ByteRange range) { model->deviceReads(range, actor(1), findings); }

    static bool isFilled(const std::vector<uint8_t>& view, ByteRange range, uint8_t value) {
        const auto first = view.begin() + static_cast<std::ptrdiff_t>(range.offset);
        return std::all_of(first, first + static_cast<std::ptrdiff_t>(range.size),
                           [value](uint8_t byte) { return byte == value; });
    }
    std::vector<Kind> kinds() const {
        std::vector<Kind> result;
        for (const CacheModel::Finding& finding : findings)
            result.push_back(finding.kind);
        return result;
    }

    std::vector<uint8_t> cpu = std::vector<uint8_t>(size);
    std::vector<uint8_t> device = std::vector<uint8_t>(size);
    std::unique_ptr<CacheModel> model;
    CacheModel::Findings findings;
};

INSTANTIATE_TEST_SUITE_P(EvictionSeeds, CacheModelTest, testing::Values(0, 1, 2, 3, 4, 5, 6, 7));

// ---- Data that moves.

TEST_P(CacheModelTest, AnEndForWritingCleansToTheDevice) {
    cpuWrites(whole, 0x11);
    EXPECT_TRUE(isFilled(device, whole, 0x11));
    EXPECT_THAT(kinds(), IsEmpty());
}

TEST_P(CacheModelTest, AStartForReadingFetchesWhatTheDeviceWrote) {
    deviceWrites(whole, 0x22);
    start(Access::Read);
    EXPECT_TRUE(isFilled(cpu, whole, 0x22));
    end(Access::Read);
    EXPECT_THAT(kinds(), IsEmpty());
}

TEST_P(CacheModelTest, AWriteOfTheWholeLineNeedsNoFetch) {
    cpuWrites(whole, 0x11);
    deviceWrites(whole, 0x22);
    cpuWrites(whole, 0x11); // the very bytes that the caches had before
    EXPECT_TRUE(isFilled(device, whole, 0x11));
    EXPECT_THAT(kinds(), IsEmpty());
}

TEST_P(CacheModelTest, AReadAndWriteKeepsTheDevicesBytesBesideItsOwn) {
    deviceWrites(whole, 0x22);
    start(Access::ReadWrite);
    store({8, 8}, 0x33);
    end(Access::ReadWrite);
    EXPECT_TRUE(isFilled(device, {0, 8}, 0x22));
    EXPECT_TRUE(isFilled(device, {8, 8}, 0x33));
    EXPECT_TRUE(isFilled(device, {16, size - 16}, 0x22));
    EXPECT_THAT(kinds(), IsEmpty());
}

TEST_P(CacheModelTest, SyncsOfARangeLeaveOtherLinesAlone) {
    deviceWrites(whole, 0x22);
    start(Access::Read, {line, line});
    EXPECT_TRUE(isFilled(cpu, {line, line}, 0x22));
    end(Access::Read, {line, line});
    start(Access::Read);
    EXPECT_TRUE(isFilled(cpu, whole, 0x22));
    end(Access::Read);
    EXPECT_THAT(kinds(), IsEmpty());
}

TEST_P(CacheModelTest, AWriteBackLeavesTheAccessOpen) {
    start(Access::Write);
    store({0, line}, 0x11);
    model->writeBack(whole, actor(0), findings);
    EXPECT_TRUE(isFilled(device, {0, line}, 0x11));
    start(Access::ReadWrite);
    store({line, line}, 0x12);
    end(Access::ReadWrite);
    EXPECT_TRUE(isFilled(device, {line, line}, 0x12));
    EXPECT_THAT(kinds(), IsEmpty());
}

TEST_P(CacheModelTest, ANewLifeBeginsWithWhatLiesInMemory) {
    cpuWrites(whole, 0x11);
    deviceWrites(whole, 0x22);
    store({0, line}, 0x44);
    model->forgetContents();
    findings.clear();
    EXPECT_TRUE(isFilled(cpu, whole, 0x22));
    start(Access::Write);
    store({0, 8}, 0x33);
    end(Access::Write);
    EXPECT_TRUE(isFilled(device, {8, line - 8}, 0x22)) << "nothing of the old life came back";
    EXPECT_THAT(kinds(), IsEmpty());
}

// ---- Mistakes, found whatever is evicted.

TEST_P(CacheModelTest, FindsADeviceThatReadsBeforeTheEnd) {
    start(Access::Write);
    store(whole, 0x11);
    deviceReads({line, 2 * line});
    ASSERT_THAT(kinds(), ElementsAre(Kind::DeviceReadDuringWrite));
    EXPECT_EQ(findings[0].range, (ByteRange{line, 2 * line}));
    EXPECT_EQ(findings[0].device->deviceId, 1u);
    EXPECT_LT(findings[0].cpu->party.sequence, findings[0].device->party.sequence);
}

TEST_P(CacheModelTest, FindsDirtyLinesThoughTheyReachedTheDeviceEarly) {
    store({line, line}, 0x11);
    for (int i = 0; i < 100; i++)
        deviceReads({4 * line, line}); // gives the caches time
    findings.clear();
    deviceReads(whole);
    ASSERT_THAT(kinds(), ElementsAre(Kind::DeviceReadDirty));
    EXPECT_EQ(findings[0].range, (ByteRange{line, line}));
    EXPECT_EQ(isFilled(device, {line, line}, 0x11), GetParam() != 0) << "eviction is real";
}

TEST_P(CacheModelTest, FindsAReadOfStaleLinesThoughTheyWereFetchedByLuck) {
    deviceWrites(whole, 0x22);
    for (int i = 0; i < 100; i++)
        deviceReads({0, line});
    EXPECT_EQ(isFilled(cpu, {line, line}, 0x22), GetParam() != 0) << "fetching by luck is real";
    end(Access::Read);
    EXPECT_THAT(kinds(), ElementsAre(Kind::StaleRead));
}

TEST_P(CacheModelTest, FindsAnAccessThatStartedInTheWrongDirection) {
    deviceWrites(whole, 0x22);
    start(Access::Write);
    EXPECT_FALSE(isFilled(cpu, {0, line}, 0x22)) << "nothing was fetched";
    end(Access::Read);
    EXPECT_THAT(kinds(), ElementsAre(Kind::StaleRead));
}

TEST_P(CacheModelTest, FindsAnAccessThatEndedInTheWrongDirection) {
    start(Access::Write);
    store({0, line}, 0x11);
    end(Access::Read);
    deviceReads({0, line});
    EXPECT_THAT(kinds(), ElementsAre(Kind::WriteInReadAccess, Kind::DeviceReadDirty));
}

TEST_P(CacheModelTest, FindsADeviceThatWritesWhatTheCpuHasOpen) {
    start(Access::Read);
    deviceWrites({0, line}, 0x22);
    EXPECT_THAT(kinds(), ElementsAre(Kind::DeviceWriteDuringAccess));
}

TEST_P(CacheModelTest, FindsADeviceThatWritesWhatTheCpuHasDirty) {
    store({0, 8}, 0x11);
    deviceWrites({32, 8}, 0x22);
    EXPECT_THAT(kinds(), ElementsAre(Kind::DeviceWriteOverDirty));
}

TEST_P(CacheModelTest, FindsOldBytesWrittenBackOverTheDevices) {
    cpuWrites(whole, 0x11);
    deviceWrites(whole, 0x22);
    start(Access::Write);
    store({0, line + 32}, 0x33);
    end(Access::Write);
    ASSERT_THAT(kinds(), ElementsAre(Kind::WriteBackOverDeviceWrite));
    EXPECT_EQ(findings[0].range, (ByteRange{line, line})) << "only the line written in part";
    EXPECT_FALSE(isFilled(device, {line + 32, 32}, 0x22)) << "the device's bytes are gone";
    EXPECT_TRUE(isFilled(device, {2 * line, line}, 0x22)) << "the line beside it is untouched";
}

TEST_P(CacheModelTest, FindsWritesOutsideAnyAccess) {
    start(Access::Read);
    end(Access::Read);
    store({line, 1}, 0x11);
    start(Access::Read);
    EXPECT_THAT(kinds(), ElementsAre(Kind::WriteOutsideAccess));
}

TEST_P(CacheModelTest, FindsAWriteWhoseStartIsMissing) {
    cpuWrites(whole, 0x11);
    deviceWrites(whole, 0x22);
    store({0, line}, 0x11); // looks as if nothing had been written
    end(Access::Write, {0, line});
    EXPECT_THAT(kinds(), ElementsAre(Kind::WriteBackOverDeviceWrite));
}

TEST_P(CacheModelTest, ForeseesWhatADeviceWouldCollideWithAndChangesNothing) {
    start(Access::Write);
    store(whole, 0x11);
    model->foreseeRead({0, line}, actor(1), findings);
    model->foreseeWrite({0, line}, actor(1), findings);
    EXPECT_THAT(kinds(), ElementsAre(Kind::DeviceReadDuringWrite, Kind::DeviceWriteDuringAccess));
    end(Access::Write);
    findings.clear();
    deviceReads(whole);
    EXPECT_THAT(kinds(), IsEmpty());
}

// ---- Seeds.

TEST(CacheModelSeedTest, TheSameSeedEvictsTheSame) {
    const auto run = [](uint64_t seed) {
        std::vector<uint8_t> cpu(size);
        std::vector<uint8_t> device(size);
        CacheModel model(cpu.data(), device.data(), size, line, seed);
        CacheModel::Findings findings;
        std::memset(cpu.data(), 0x11, size);
        model.deviceReads({0, line}, nullptr, findings);
        return device;
    };
    EXPECT_EQ(run(5), run(5));
    bool differs = false;
    for (uint64_t seed = 1; seed < 10; seed++)
        differs = differs || run(seed) != run(seed + 1);
    EXPECT_TRUE(differs);
}

} // namespace
} // namespace mediaheap
