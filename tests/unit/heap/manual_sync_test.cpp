// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Blocks whose accesses nobody brackets, and which are flushed by hand (AllocOptions::manualSync).
#include <cerrno>
#include <cstring>
#include <linux/dma-buf.h>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mediaheap/simulated/device.h>

#include "captured_log.h"
#include "heap_test.h"
#include "property.h"

namespace mediaheap {
namespace {

using simulated::Device;
using simulated::Violation;
using simulated::ViolationKind;
using test::CapturedLog;
using test::HeapTest;
using test::must;
using test::propertyOperations;
using test::Random;
using testing::ElementsAre;
using testing::IsEmpty;

class ManualSyncTest : public HeapTest {
protected:
    ManualSyncTest() { fake.machinePageSize = 4096; }

    static AllocOptions manual(std::optional<bool> cached = {}) {
        AllocOptions options = named("vendor's");
        options.manualSync = true;
        options.cached = cached;
        return options;
    }

    static std::vector<ViolationKind> kinds(const std::shared_ptr<Heap>& heap) {
        std::vector<ViolationKind> kinds;
        for (const Violation& violation : heap->takeViolations())
            kinds.push_back(violation.kind);
        return kinds;
    }
};

// ---- The simulated SoC.

class ManualSyncOnTheSoc : public ManualSyncTest {
protected:
    ManualSyncOnTheSoc() {
        heap = open("simulated,size=1M");
        block = allocate(heap, 4096, manual());
        bytes = static_cast<uint8_t*>(block.data());
    }

    uint8_t deviceSees(size_t offset) {
        uint8_t byte = 0;
        must(device.read(block.fd(), offset, &byte, 1));
        return byte;
    }

    const CapturedLog quiet;
    Device device{"ive"};
    std::shared_ptr<Heap> heap;
    Block block;
    uint8_t* bytes = nullptr;
};

TEST_F(ManualSyncOnTheSoc, ShowsTheDeviceWhatWasFlushed) {
    std::memset(bytes, 0x80, 4096);
    must(block.flush(0, 4096));
    EXPECT_EQ(deviceSees(0), 0x80);
    EXPECT_EQ(deviceSees(4095), 0x80);
    EXPECT_THAT(kinds(heap), IsEmpty());
}

TEST_F(ManualSyncOnTheSoc, TakesMaintenanceForAFlushAndLeavesNothingOpen) {
    std::memset(bytes, 0x80, 4096);
    must(block.maintainCaches(Access::ReadWrite, 0, 4096));
    EXPECT_EQ(deviceSees(0), 0x80);
    must(device.fill(block.fd(), 0, 4096, 0x11));
    must(block.maintainCaches(Access::Read, 0, 4096));
    EXPECT_EQ(bytes[4095], 0x11);
    must(device.fill(block.fd(), 0, 4096, 0x22));
    EXPECT_THAT(kinds(heap), IsEmpty());
}

TEST_F(ManualSyncOnTheSoc, NamesAMissingFlushBeforeTheDeviceReads) {
    std::memset(bytes + 64, 0x80, 64);
    deviceSees(64);
    EXPECT_THAT(kinds(heap), ElementsAre(ViolationKind::DeviceReadDirty));
}

TEST_F(ManualSyncOnTheSoc, NamesAMissingFlushBeforeTheDeviceWrites) {
    std::memset(bytes + 64, 0x80, 64);
    must(device.fill(block.fd(), 0, 4096, 0x11));
    EXPECT_THAT(kinds(heap), ElementsAre(ViolationKind::DeviceWriteOverDirty));
}

TEST_F(ManualSyncOnTheSoc, FetchesWhatTheDeviceWroteWithTheFlush) {
    must(device.fill(block.fd(), 0, 4096, 0x11));
    must(block.flush(0, 4096));
    EXPECT_EQ(bytes[0], 0x11);
    EXPECT_EQ(bytes[4095], 0x11);
    EXPECT_THAT(kinds(heap), IsEmpty());
}

TEST_F(ManualSyncOnTheSoc, ShowsNoTrustworthyByteWithoutIt) {
    std::memset(bytes, 0x80, 4096);
    must(block.flush(0, 4096));
    must(device.fill(block.fd(), 0, 4096, 0x11));
    const std::vector<uint8_t> seen(bytes, bytes + 4096);
    EXPECT_NE(seen, std::vector<uint8_t>(4096, 0x11));
    EXPECT_NE(seen, std::vector<uint8_t>(4096, 0x80));
}

TEST_F(ManualSyncOnTheSoc, LetsTheCpuOverwriteWholeLinesThatADeviceWrote) {
    std::memset(bytes, 0x80, 4096);
    must(block.flush(0, 4096));
    must(device.fill(block.fd(), 0, 4096, 0x11));
    std::memset(bytes, 0x80, 4096); // what was there before: still a store
    must(block.flush(0, 4096));
    EXPECT_EQ(deviceSees(0), 0x80);
    EXPECT_EQ(deviceSees(2048), 0x80);
    EXPECT_THAT(kinds(heap), IsEmpty());
}

TEST_F(ManualSyncOnTheSoc, NamesAPartialWriteOverWhatADeviceWrote) {
    must(device.fill(block.fd(), 0, 4096, 0x11));
    bytes[10] = 1;
    must(block.flush(0, 64));
    EXPECT_THAT(kinds(heap), ElementsAre(ViolationKind::WriteBackOverDeviceWrite));
}

TEST_F(ManualSyncOnTheSoc, FlushesWholeLinesAroundTheRange) {
    std::memset(bytes, 0x80, 4096);
    must(block.flush(100, 1));
    EXPECT_EQ(deviceSees(64), 0x80);
    EXPECT_EQ(deviceSees(127), 0x80);
    EXPECT_THAT(kinds(heap), IsEmpty());
    deviceSees(128);
    EXPECT_THAT(kinds(heap), ElementsAre(ViolationKind::DeviceReadDirty));
}

TEST_F(ManualSyncOnTheSoc, HasNothingToFlushPastTheCaches) {
    const Block uncached = allocate(heap, 4096, manual(false));
    std::memset(uncached.data(), 0x42, 4096);
    uint8_t seen = 0;
    must(device.read(uncached.fd(), 0, &seen, 1));
    EXPECT_EQ(seen, 0x42);
    must(device.fill(uncached.fd(), 0, 4096, 0x11));
    EXPECT_EQ(static_cast<uint8_t*>(uncached.data())[0], 0x11);
    EXPECT_THAT(kinds(heap), IsEmpty());
}

TEST_F(ManualSyncOnTheSoc, LeavesNothingBehindForTheNextUserOfTheMemory) {
    must(device.fill(block.fd(), 0, 4096, 0x11));
    bytes[0] = 7;
    block.reset();
    const Block next = allocate(heap, 4096, named("next"));
    EXPECT_TRUE(isFilledWith(next, 0));
    fill(next, 5);
    uint8_t seen = 0;
    must(device.read(next.fd(), 0, &seen, 1));
    EXPECT_EQ(seen, 5);
    EXPECT_THAT(kinds(heap), IsEmpty());
    EXPECT_EQ(next.flush(0, 1).error().code, EINVAL) << "its accesses are bracketed";
}

/// What a program does that flushes where it has to, in any order and with any evictions.
class RightProgram : public ManualSyncTest, public testing::WithParamInterface<uint64_t> {};

TEST_P(RightProgram, IsNeverReportedAndNeverReadsAnOldByte) {
    const CapturedLog quiet;
    Random random(GetParam());
    const auto heap = open("simulated,size=1M,line=32,evict=" + std::to_string(GetParam()));
    const Block block = allocate(heap, 4096, manual());
    auto* const bytes = static_cast<uint8_t*>(block.data());
    std::vector<uint8_t> expected(4096, 0);
    std::vector<uint8_t> seen(4096);
    Device device("ive");

    const uint64_t operations = propertyOperations(4000);
    for (uint64_t n = 0; n < operations; ++n) {
        const size_t first = random.below(64);
        const size_t lines = random.between(1, 64 - first);
        const size_t offset = first * 64;
        const size_t size = lines * 64;
        const auto value = static_cast<uint8_t>(random.below(4)); // often what is there already
        switch (random.below(4)) {
        case 0: // the CPU draws, now and then byte by byte, and hands over
            if (random.chance(1, 2)) {
                std::memset(bytes + offset, value, size);
                std::memset(expected.data() + offset, value, size);
            } else {
                bytes[offset + 5] = value;
                expected[offset + 5] = value;
            }
            must(block.flush(offset, size));
            break;
        case 1: // the device fills, and the CPU takes over
            must(device.fill(block.fd(), offset, size, value));
            std::memset(expected.data() + offset, value, size);
            must(block.flush(offset, size));
            break;
        case 2: // the device fills, and the CPU overwrites all of it unread
            must(device.fill(block.fd(), offset, size, value));
            std::memset(bytes + offset, 9, size);
            std::memset(expected.data() + offset, 9, size);
            must(block.flush(0, 4096));
            break;
        default:
            must(device.read(block.fd(), 0, seen.data(), seen.size()));
            ASSERT_EQ(seen, expected) << "the device, operation " << n;
        }
        ASSERT_EQ(std::memcmp(bytes, expected.data(), expected.size()), 0)
            << "the CPU, operation " << n;
    }
    EXPECT_THAT(kinds(heap), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RightProgram, testing::Values(0, 1, 2, 3));

// ---- Others.

TEST_F(ManualSyncTest, StartsOnceAndCleansAndInvalidatesWithEveryFlush) {
    fake.addUdmabuf();
    const auto heap = open("udmabuf,size=1M,cache=0");
    Block block = allocate(heap, 4096, manual());
    const int fd = block.fd();
    EXPECT_THAT(fake.syncFlags(fd), ElementsAre(DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW));
    fake.forgetSyncCalls();
    must(block.flush(8, 8));
    EXPECT_THAT(fake.syncFlags(fd), ElementsAre(DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE,
                                                DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
    fake.forgetSyncCalls();
    must(block.map(Access::Write)).end().ok();
    EXPECT_THAT(fake.syncFlags(fd), IsEmpty()) << "the CPU has it all the time";
    EXPECT_EQ(block.syncStats().issued, 2u);
    EXPECT_EQ(block.syncStats().bytes, 4096u) << "all of it: udmabuf knows no ranges";
    CapturedLog log;
    block.reset();
    EXPECT_EQ(log.text(), "") << "no access was left open";
}

TEST_F(ManualSyncTest, FailsWhereTheStartFailsAndLeavesNothing) {
    fake.addUdmabuf();
    const auto heap = open("udmabuf,size=1M");
    fake.failSync(DMA_BUF_SYNC_START, EIO);
    const Result<Block> block = heap->allocate(4096, manual());
    ASSERT_FALSE(block.ok());
    EXPECT_EQ(block.error().code, EIO);
    EXPECT_EQ(heap->stats().used, 0u);
    must(heap->validate());
}

TEST_F(ManualSyncTest, PassesOnWhatTheExporterAnswersToAFlush) {
    fake.addUdmabuf();
    const Block block = allocate(open("udmabuf,size=1M"), 4096, manual());
    fake.failSync(DMA_BUF_SYNC_END, EIO);
    EXPECT_EQ(block.flush(0, 1).error().code, EIO);
    must(block.flush(0, 1));
}

TEST_F(ManualSyncTest, TakesOnlyRangesOfTheBlock) {
    const Block block = allocate(open("memfd,size=1M"), 4096, manual());
    must(block.flush(0, 4096));
    must(block.flush(4095, 1));
    EXPECT_EQ(block.flush(0, 0).error().code, EINVAL);
    EXPECT_EQ(block.flush(4096, 1).error().code, EINVAL);
    EXPECT_EQ(block.flush(4095, 2).error().code, EINVAL);
    EXPECT_EQ(block.flush(1, SIZE_MAX).error().code, EINVAL);
}

TEST_F(ManualSyncTest, LetsTheMemoryBeTouchedUnderTheSanitizer) {
    for (const char* string : {"memfd,size=1M,sanitize=1", "simulated,size=1M,sanitize=1"}) {
        const Block block = allocate(open(string), 4096, manual());
        std::memset(block.data(), 1, 4096);
        must(block.flush(0, 4096));
    }
}

} // namespace
} // namespace mediaheap
