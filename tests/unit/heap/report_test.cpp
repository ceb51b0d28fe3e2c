// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The reports: HiSilicon's text byte for byte, and JSON.
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "heap_test.h"

namespace mediaheap {
namespace {

using test::HeapTest;
using test::must;
using Json = nlohmann::json;

class ReportTest : public HeapTest {
protected:
    ReportTest() { fake.machinePageSize = 4096; }
};

// ---- Text: a /proc/media-mem of a Hi3516 is the pattern.

TEST_F(ReportTest, ShowsAnEmptyZone) {
    EXPECT_EQ(
        open("memfd,size=64M,base=0x44000000")->report(ReportFormat::Text),
        "+---ZONE: PHYS(0x44000000, 0x47FFFFFF), GFP=0, nBYTES=65536KB,    NAME=\"anonymous\"\n"
        "\n"
        "---MMZ_USE_INFO:\n"
        " total size=65536KB(64MB),used=0KB(0MB + 0KB),remain=65536KB(64MB + 0KB),"
        "zone_number=1,block_number=0\n");
}

TEST_F(ReportTest, RepeatsTheVendorsOwnReport) {
    // The seven blocks of the vendor's tutorial, at the addresses where its allocator put them. The
    // kernel mappings of its drivers (kvirt, flags) have no counterpart here.
    const auto heap = open("memfd,size=64M,base=0x44000000");
    const struct {
        const char* name;
        size_t kib;
    } rows[] = {{"sys_scale_coef", 32}, {"VGS_NodeBuf", 332}, {"hifb_layer0", 1620},
                {"IVE_QUEUE", 212},     {"IVE_TEMP_NODE", 4}, {"test", 1024},
                {"test_cache", 1024}};
    std::vector<Block> blocks;
    for (const auto& row : rows)
        blocks.push_back(allocate(heap, row.kib * 1024, named(row.name)));

    EXPECT_EQ(
        heap->report(ReportFormat::Text),
        "+---ZONE: PHYS(0x44000000, 0x47FFFFFF), GFP=0, nBYTES=65536KB,    NAME=\"anonymous\"\n"
        "   |-MMB: phys(0x44000000, 0x44007FFF), kvirt=0x00000000, flags=0x00000000, length=32KB,  "
        "  name=\"sys_scale_coef\"\n"
        "   |-MMB: phys(0x44008000, 0x4405AFFF), kvirt=0x00000000, flags=0x00000000, length=332KB, "
        "   name=\"VGS_NodeBuf\"\n"
        "   |-MMB: phys(0x4405B000, 0x441EFFFF), kvirt=0x00000000, flags=0x00000000, "
        "length=1620KB,    name=\"hifb_layer0\"\n"
        "   |-MMB: phys(0x441F0000, 0x44224FFF), kvirt=0x00000000, flags=0x00000000, length=212KB, "
        "   name=\"IVE_QUEUE\"\n"
        "   |-MMB: phys(0x44225000, 0x44225FFF), kvirt=0x00000000, flags=0x00000000, length=4KB,   "
        " name=\"IVE_TEMP_NODE\"\n"
        "   |-MMB: phys(0x44226000, 0x44325FFF), kvirt=0x00000000, flags=0x00000000, "
        "length=1024KB,    name=\"test\"\n"
        "   |-MMB: phys(0x44326000, 0x44425FFF), kvirt=0x00000000, flags=0x00000000, "
        "length=1024KB,    name=\"test_cache\"\n"
        "\n"
        "---MMZ_USE_INFO:\n"
        " total size=65536KB(64MB),used=4248KB(4MB + 152KB),remain=61288KB(59MB + "
        "872KB),zone_number=1,block_number=7\n");
}

TEST_F(ReportTest, SortsBlocksByAddressAndNamesTheNameless) {
    fake.addUdmabuf();
    const auto heap = open("udmabuf,size=1M,zone=camera,base=0x80000000");
    Block first = allocate(heap, 4096, named("first"));
    const Block second = allocate(heap, 4096);
    first.reset();
    const Block third = allocate(heap, 4096, named("third"));
    EXPECT_EQ(heap->report(ReportFormat::Text),
              "+---ZONE: PHYS(0x80000000, 0x800FFFFF), GFP=0, nBYTES=1024KB,    NAME=\"camera\"\n"
              "   |-MMB: phys(0x80000000, 0x80000FFF), kvirt=0x00000000, flags=0x00000000, "
              "length=4KB,    name=\"third\"\n"
              "   |-MMB: phys(0x80001000, 0x80001FFF), kvirt=0x00000000, flags=0x00000000, "
              "length=4KB,    name=\"<null>\"\n"
              "\n"
              "---MMZ_USE_INFO:\n"
              " total size=1024KB(1MB),used=8KB(0MB + 8KB),remain=1016KB(0MB + "
              "1016KB),zone_number=1,block_number=2\n");
}

TEST_F(ReportTest, WritesAddressesBeyond32BitsInFull) {
    const auto heap = open("memfd,size=1M,base=0x140000000");
    EXPECT_EQ(heap->report(ReportFormat::Text).substr(0, 45),
              "+---ZONE: PHYS(0x140000000, 0x1400FFFFF), GFP");
}

// ---- JSON.

TEST_F(ReportTest, TellsProgramsWhatTheHeapIs) {
    fake.addUdmabuf();
    const Json report =
        Json::parse(open("udmabuf,size=1M,zone=camera")->report(ReportFormat::Json));
    EXPECT_EQ(report.at("heap"), "udmabuf,size=1M,zone=camera");
    EXPECT_EQ(report.at("dmabuf"), true);
    EXPECT_EQ(report.at("contiguous"), false);
    EXPECT_EQ(report.at("addresses"), "labels");
    EXPECT_EQ(report.at("zones").size(), 1u);
    EXPECT_EQ(report.at("zones").at(0).at("name"), "camera");
    EXPECT_EQ(report.at("zones").at(0).at("blocks"), Json::array());
}

TEST_F(ReportTest, TellsProgramsTheStatistics) {
    fake.addUdmabuf();
    const auto heap = open("udmabuf,size=1M");
    const Block kept = allocate(heap, 8192, named("kept"));
    test::FakeImporter importer;
    {
        const Block given = allocate(heap, 4096);
        const Block held = allocate(heap, 12288);
        importer = fake.import(held.fd());
    }
    fill(kept, 1);
    EXPECT_FALSE(heap->allocate(0).ok());

    const Stats stats = heap->stats();
    const Json report = Json::parse(heap->report(ReportFormat::Json));
    EXPECT_EQ(report.at("size"), stats.size);
    EXPECT_EQ(report.at("used"), stats.used);
    EXPECT_EQ(report.at("peak"), stats.peak);
    EXPECT_EQ(report.at("cached"), stats.cached);
    EXPECT_EQ(report.at("held"), stats.held);
    EXPECT_EQ(report.at("largest_free"), stats.largestFree);
    EXPECT_EQ(report.at("allocations"), stats.allocations);
    EXPECT_EQ(report.at("recycled"), stats.recycled);
    EXPECT_EQ(report.at("failures"), stats.failures);
    EXPECT_EQ(report.at("syncs"), stats.syncs);
    EXPECT_EQ(report.at("syncs_saved"), stats.syncsSaved);
    EXPECT_EQ(stats.used, 20480u);
    EXPECT_EQ(stats.held, 12288u);
    EXPECT_EQ(stats.cached, 4096u);
    EXPECT_EQ(stats.syncs, 2u);
    EXPECT_EQ(stats.failures, 1u);
}

TEST_F(ReportTest, TellsProgramsOfEveryBlock) {
    fake.addUdmabuf();
    const auto heap = open("udmabuf,size=1M,base=0x1000000");
    const Block live = allocate(heap, 8192, named("live"));
    test::FakeImporter importer;
    {
        const Block held = allocate(heap, 4096, named("held"));
        importer = fake.import(held.fd());
    }
    const Mapping first = must(live.map(Access::Read));
    const Mapping second = must(live.map(Access::Read));

    const Json blocks =
        Json::parse(heap->report(ReportFormat::Json)).at("zones").at(0).at("blocks");
    ASSERT_EQ(blocks.size(), 2u);
    EXPECT_EQ(blocks.at(0).at("name"), "live");
    EXPECT_EQ(blocks.at(0).at("address"), 0x1000000);
    EXPECT_EQ(blocks.at(0).at("length"), 8192);
    EXPECT_EQ(blocks.at(0).at("state"), "live");
    EXPECT_EQ(blocks.at(0).at("accesses"), 2);
    EXPECT_EQ(blocks.at(1).at("name"), "held");
    EXPECT_EQ(blocks.at(1).at("address"), 0x1002000);
    EXPECT_EQ(blocks.at(1).at("state"), "held");
    EXPECT_EQ(blocks.at(1).at("accesses"), 0);
}

TEST_F(ReportTest, StaysReadableWhateverANameContains) {
    const auto heap = open("memfd,size=1M");
    const Block quoted = allocate(heap, 1, named("a \"quoted\"\nname\\"));
    const Block latin = allocate(heap, 1, named("caf\xe9"));
    const Json blocks =
        Json::parse(heap->report(ReportFormat::Json)).at("zones").at(0).at("blocks");
    EXPECT_EQ(blocks.at(0).at("name"), "a \"quoted\"\nname\\");
    EXPECT_EQ(blocks.at(1).at("name").get<std::string>().substr(0, 3), "caf");
}

} // namespace
} // namespace mediaheap
