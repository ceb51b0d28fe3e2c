// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What other processes see of a heap: the same as its own report, at every moment of its life.
#include <cerrno>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "captured_log.h"
#include "child_process.h"
#include "fault_file_system.h"
#include "heap_test.h"
#include "tables/media_mem.h"
#include "tables/table_scan.h"
#include "temporary_directory.h"

namespace mediaheap {
namespace {

using test::CapturedLog;
using test::ChildProcess;
using test::EnvironmentVariable;
using test::HeapTest;
using test::must;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class PublishingTest : public HeapTest, public testing::WithParamInterface<const char*> {
protected:
    PublishingTest() {
        fake.addUdmabuf();
        fake.addDmaHeap("system");
    }

    std::vector<SharedHeap> shared() const {
        const TableScan scan =
            scanTables(Kernel::system(), FileSystem::system(), {temporary.path() + "/run"});
        EXPECT_THAT(scan.unreadable, IsEmpty());
        return scan.heaps;
    }
    TableContent content() const {
        const auto heaps = shared();
        EXPECT_THAT(heaps, SizeIs(1));
        return heaps.empty() ? TableContent() : heaps.front().content;
    }
    /// The text that the table alone gives.
    std::string text() const {
        const TableContent table = content();
        std::vector<MediaMemZone> zones;
        for (const auto& zone : table.zones)
            zones.push_back(
                {zone.name, zone.gfp, zone.base, zone.size, {}, zone.used, zone.blocks});
        for (const auto& block : table.blocks)
            zones[block.zone].blocks.push_back(
                {block.address, block.size, block.kvirt, block.flags, block.name});
        return mediaMemText(zones);
    }

    const test::TemporaryDirectory temporary;
    const EnvironmentVariable variable{"MEDIAHEAP_RUNTIME_DIR",
                                       (temporary.path() + "/run").c_str()};
};

INSTANTIATE_TEST_SUITE_P(Sources, PublishingTest,
                         testing::Values("memfd", "udmabuf", "dma-heap:system", "simulated"),
                         [](const auto& row) {
                             const std::string name = row.param;
                             return name.substr(name.find(':') + 1);
                         });

TEST_P(PublishingTest, ShowsWhatTheHeapItselfReports) {
    const auto heap = open(GetParam() + std::string(",size=1M,base=0x44000000,zone=camera"));
    EXPECT_EQ(content().heap, heap->description());
    std::vector<Block> blocks;
    for (const char* name : {"one", "two", "", "four"}) {
        blocks.push_back(allocate(heap, 3 * page, named(name)));
        EXPECT_EQ(text(), heap->report(ReportFormat::Text));
    }
    blocks.erase(blocks.begin() + 1);
    EXPECT_EQ(text(), heap->report(ReportFormat::Text));
    blocks.push_back(allocate(heap, 2 * page, named("five")));
    EXPECT_EQ(text(), heap->report(ReportFormat::Text));
    EXPECT_EQ(content().zones.at(0).peak, heap->stats().peak);
}

TEST_P(PublishingTest, ShowsWhichBlocksTheCpuHasOpen) {
    const auto heap = open(GetParam() + std::string(",size=1M"));
    const Block block = allocate(heap, page, named("frame"));
    EXPECT_EQ(content().blocks.at(0).accesses, 0u);
    {
        const Mapping writing = must(block.map(Access::Write));
        const Mapping reading = must(block.map(Access::Read));
        EXPECT_EQ(content().blocks.at(0).accesses, 2u);
    }
    EXPECT_EQ(content().blocks.at(0).accesses, 0u);
    EXPECT_FALSE(block.endAccess().ok()) << "none is open";
    EXPECT_EQ(content().blocks.at(0).accesses, 0u);
}

TEST_P(PublishingTest, TakesTheTableAlongWhenTheHeapGoes) {
    auto heap = open(GetParam() + std::string(",size=1M"));
    allocate(heap, page);
    EXPECT_THAT(shared(), SizeIs(1));
    heap.reset();
    EXPECT_THAT(shared(), IsEmpty());
    heap = open(GetParam() + std::string(",size=1M"));
    must(heap->destroy());
    EXPECT_THAT(shared(), IsEmpty());
}

TEST_P(PublishingTest, LeavesTheTableOfAKilledProcessToBeRead) {
    ChildProcess child([this] {
        auto heap = open(GetParam() + std::string(",size=1M,zone=killed"));
        Block block = allocate(heap, 2 * page, named("lost"));
        return std::make_pair(std::move(heap), std::move(block));
    });
    child.kill();
    const auto heaps = shared();
    ASSERT_THAT(heaps, SizeIs(1));
    EXPECT_EQ(heaps[0].state, OwnerState::Crashed);
    EXPECT_EQ(heaps[0].content.blocks.at(0).name, "lost");
    EXPECT_EQ(heaps[0].content.zones.at(0).name, "killed");
}

class PublishingFailureTest : public HeapTest {};

TEST_F(PublishingFailureTest, SaysOnceThatNobodyWillSeeItAndWorksAllTheSame) {
    const EnvironmentVariable nowhere("MEDIAHEAP_RUNTIME_DIR", "/no/such/place");
    CapturedLog log;
    const auto first = open("memfd,zone=a");
    const auto second = open("memfd,zone=b");
    EXPECT_TRUE(allocate(first, page).isValid());
    EXPECT_TRUE(allocate(second, page).isValid());
    const std::string said = log.text();
    EXPECT_THAT(said, HasSubstr("/no/such/place"));
    EXPECT_EQ(said.find("mediaheap show"), said.rfind("mediaheap show")) << said;
}

TEST_F(PublishingFailureTest, SaysNothingWhereNobodyIsToSeeIt) {
    const EnvironmentVariable off("MEDIAHEAP_RUNTIME_DIR", "off");
    CapturedLog log;
    EXPECT_TRUE(allocate(open("memfd,zone=a"), page).isValid());
    EXPECT_EQ(log.text(), "");
}

} // namespace
} // namespace mediaheap
