// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Heaps that mmz= gives several zones, and blocks of the system in them.
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "heap_test.h"

namespace mediaheap {
namespace {

using test::EnvironmentVariable;
using test::HeapTest;
using test::must;
using testing::AllOf;
using testing::HasSubstr;
using Json = nlohmann::json;

/// A file that lasts as long as this.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& text) {
        const int fd = ::mkstemp(path_);
        EXPECT_GE(fd, 0);
        EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
        ::close(fd);
    }
    ~TemporaryFile() { ::unlink(path_); }

    std::string path() const { return path_; }

private:
    char path_[32] = "/tmp/mediaheap-zones-XXXXXX";
};

/// The board of the vendor's tutorial, with what its drivers have.
constexpr const char* board =
    "anonymous,0,0x44000000,64M:+sys_scale_coef,0x44000000,32K,0xC4B98000,1"
    ":+VGS_NodeBuf,0x44008000,332K,0xC4D00000,1:+hifb_layer0,0x4405B000,1620K"
    ":+IVE_QUEUE,0x441F0000,212K,0xC5600000,1:+IVE_TEMP_NODE,0x44225000,4K,0xC4ABA000,3";

class ZonesTest : public HeapTest {
protected:
    ZonesTest() { fake.machinePageSize = 4096; }

    static AllocOptions in(const std::string& zone, uint64_t gfp = 0) {
        AllocOptions options;
        options.zone = zone;
        options.gfp = gfp;
        return options;
    }

    static Error refused(const std::string& string) {
        const Result<std::shared_ptr<Heap>> heap = Heap::open(string);
        if (heap) {
            ADD_FAILURE() << string << " was opened";
            return {};
        }
        return heap.error();
    }
};

// ---- The vendor's own report.

TEST_F(ZonesTest, ShowWhatTheSystemHasAsTheVendorsReportDoes) {
    const auto heap = open(std::string("memfd,mmz=") + board);
    const Block uncached = allocate(heap, 1 << 20, named("test"));
    const Block cached = allocate(heap, 1 << 20, named("test_cache"));
    EXPECT_EQ(
        heap->report(ReportFormat::Text),
        "+---ZONE: PHYS(0x44000000, 0x47FFFFFF), GFP=0, nBYTES=65536KB,    NAME=\"anonymous\"\n"
        "   |-MMB: phys(0x44000000, 0x44007FFF), kvirt=0xC4B98000, flags=0x00000001, "
        "length=32KB,    name=\"sys_scale_coef\"\n"
        "   |-MMB: phys(0x44008000, 0x4405AFFF), kvirt=0xC4D00000, flags=0x00000001, "
        "length=332KB,    name=\"VGS_NodeBuf\"\n"
        "   |-MMB: phys(0x4405B000, 0x441EFFFF), kvirt=0x00000000, flags=0x00000000, "
        "length=1620KB,    name=\"hifb_layer0\"\n"
        "   |-MMB: phys(0x441F0000, 0x44224FFF), kvirt=0xC5600000, flags=0x00000001, "
        "length=212KB,    name=\"IVE_QUEUE\"\n"
        "   |-MMB: phys(0x44225000, 0x44225FFF), kvirt=0xC4ABA000, flags=0x00000003, "
        "length=4KB,    name=\"IVE_TEMP_NODE\"\n"
        "   |-MMB: phys(0x44226000, 0x44325FFF), kvirt=0x00000000, flags=0x00000000, "
        "length=1024KB,    name=\"test\"\n"
        "   |-MMB: phys(0x44326000, 0x44425FFF), kvirt=0x00000000, flags=0x00000000, "
        "length=1024KB,    name=\"test_cache\"\n"
        "\n"
        "---MMZ_USE_INFO:\n"
        " total size=65536KB(64MB),used=4248KB(4MB + 152KB),remain=61288KB(59MB + "
        "872KB),zone_number=1,block_number=7\n");
    must(heap->validate());
}

TEST_F(ZonesTest, AreListedAsTheVendorsListHasThemTheLastConfiguredFirst) {
    const auto heap = open("memfd,mmz=a,0,0x10000000,1M:b,2,0x20000000,512K");
    const Block block = allocate(heap, 4096, in("a"));
    EXPECT_EQ(heap->report(ReportFormat::Text),
              "+---ZONE: PHYS(0x20000000, 0x2007FFFF), GFP=2, nBYTES=512KB,    NAME=\"b\"\n"
              "+---ZONE: PHYS(0x10000000, 0x100FFFFF), GFP=0, nBYTES=1024KB,    NAME=\"a\"\n"
              "   |-MMB: phys(0x10000000, 0x10000FFF), kvirt=0x00000000, flags=0x00000000, "
              "length=4KB,    name=\"<null>\"\n"
              "\n"
              "---MMZ_USE_INFO:\n"
              " total size=1536KB(1MB),used=4KB(0MB + 4KB),remain=1532KB(1MB + 508KB),"
              "zone_number=2,block_number=1\n");
}

TEST_F(ZonesTest, TellProgramsWhoseTheBlocksAre) {
    const auto heap = open("memfd,mmz=a,3,0x10000000,1M:+osd,0x10001000,8K,0xC0000000,3");
    const Block block = allocate(heap, 4096, named("mine"));
    const Json zone = Json::parse(heap->report(ReportFormat::Json)).at("zones").at(0);
    EXPECT_EQ(zone.at("gfp"), 3);
    EXPECT_EQ(zone.at("size"), 1 << 20);
    EXPECT_EQ(zone.at("used"), 12 << 10);
    EXPECT_EQ(zone.at("blocks").at(0).at("state"), "live");
    EXPECT_EQ(zone.at("blocks").at(1).at("state"), "system");
    EXPECT_EQ(zone.at("blocks").at(1).at("address"), 0x10001000);
}

// ---- Blocks of the system.

TEST_F(ZonesTest, KeepWhatTheSystemHasWhateverHappens) {
    const auto heap = open("memfd,mmz=a,0,0x10000000,16K:+osd,0x10001000,8K");
    EXPECT_EQ(heap->stats().used, 8u << 10);
    EXPECT_EQ(heap->stats().peak, 8u << 10);
    EXPECT_EQ(heap->stats().largestFree, 4u << 10);
    const Result<Block> tooLarge = heap->allocate(8192);
    ASSERT_FALSE(tooLarge.ok());
    EXPECT_THAT(tooLarge.error().message(), HasSubstr("'osd' 8 KiB in 1 block of the system"));
    EXPECT_EQ(tooLarge.error().remedy, "give zone 'a' a larger size in mmz=")
        << "there is no size= beside mmz=, and nothing that anybody could free";
    must(heap->destroy());
}

// ---- Memory.

TEST_F(ZonesTest, HaveMemoryOfTheirOwnOnEverySource) {
    fake.addUdmabuf();
    for (const char* source : {"memfd", "udmabuf", "simulated"}) {
        SCOPED_TRACE(source);
        const auto heap = open(source + std::string(",mmz=a,0,0x10000000,64K:b,0,0x20000000,64K:+x,"
                                                    "0x20000000,4K"));
        EXPECT_EQ(heap->stats().size, 128u << 10);
        Block a = allocate(heap, 64 << 10, in("a"));
        const Block b = allocate(heap, 60 << 10, in("b"));
        EXPECT_EQ(a.address(), 0x10000000u);
        EXPECT_EQ(b.address(), 0x20001000u);
        fill(a, 0xaa);
        fill(b, 0xbb);
        EXPECT_TRUE(isFilledWith(a, 0xaa));
        EXPECT_TRUE(isFilledWith(b, 0xbb));
        must(heap->validate());
        a.reset();
        EXPECT_TRUE(isFilledWith(allocate(heap, 64 << 10, in("a")), 0));
        heap->trim();
        must(heap->validate());
    }
}

TEST_F(ZonesTest, AreAllNamedWhereAnyOfThemMayGrow) {
    const auto heap = open("memfd,mmz=a,0,0x10000000,8K:b,0,0x20000000,8K");
    const Block a = allocate(heap, 8192, in("a"));
    const Block b = allocate(heap, 4096, in("b"));
    EXPECT_EQ(heap->allocate(8192).error().remedy,
              "give one of these zones a larger size in mmz=, or free some of these");
    EXPECT_EQ(heap->allocate(16384).error().remedy,
              "give one of these zones a larger size in mmz=");
}

TEST_F(ZonesTest, AreTooFragmentedForABlockAsTheRealOnesAre) {
    const auto heap = open("memfd,mmz=a,0,0x10000000,12K");
    const Block first = allocate(heap, 4096);
    Block second = allocate(heap, 4096);
    const Block third = allocate(heap, 4096);
    second.reset();
    const Result<Block> larger = heap->allocate(8192);
    ASSERT_FALSE(larger.ok());
    EXPECT_EQ(larger.error().code, ENOMEM);
    EXPECT_EQ(larger.error().remedy, "give zone 'a' a larger size in mmz=, or free some of these");
    EXPECT_EQ(allocate(heap, 4096).address(), 0x10001000u);
}

TEST_F(ZonesTest, RoundBlocksUpToWhatTheyDealIn) {
    const auto heap = open("memfd,mmz=a,0,0x10000000,256K,2,64K");
    EXPECT_EQ(heap->stats().largestFree, 256u << 10);
    const Block block = allocate(heap, 1, in("a"));
    EXPECT_EQ(block.size(), 64u << 10);
    EXPECT_EQ(heap->stats().used, 64u << 10);
    EXPECT_EQ(heap->stats().largestFree, 192u << 10);
    fill(block, 1); // all of it is there
}

TEST_F(ZonesTest, PlaceFromTheTopOnlyWhereThereIsOne) {
    AllocOptions fromTop;
    fromTop.fromTop = true;
    EXPECT_EQ(allocate(open("memfd,mmz=a,0,0x10000000,64K"), 4096, fromTop).address(), 0x1000f000u);
    const Result<Block> label = open("memfd,size=64K")->allocate(4096, fromTop);
    ASSERT_FALSE(label.ok());
    EXPECT_EQ(label.error().code, EOPNOTSUPP);
}

// ---- Which zone.

TEST_F(ZonesTest, AreFoundByNameAndGfp) {
    const auto heap = open("memfd,mmz=a,1,0x10000000,64K:a,2,0x20000000,64K:b,1,0x30000000,64K");
    EXPECT_EQ(allocate(heap, 1, in("a", 1)).address(), 0x10000000u);
    EXPECT_EQ(allocate(heap, 1, in("a", 2)).address(), 0x20000000u);
    EXPECT_EQ(allocate(heap, 1, in("a")).address(), 0x20000000u) << "the last configured";
    EXPECT_EQ(allocate(heap, 1, in("", 1)).address(), 0x30000000u);
    EXPECT_EQ(allocate(heap, 1).address(), 0x30000000u);
    for (const AllocOptions& miss : {in("c"), in("b", 2), in("", 3)}) {
        const Result<Block> block = heap->allocate(1, miss);
        ASSERT_FALSE(block.ok());
        EXPECT_EQ(block.error().code, ENOENT);
        EXPECT_THAT(block.error().message(), AllOf(HasSubstr("there is no zone"),
                                                   HasSubstr("'a' with gfp 2, 'b' with gfp 1")));
    }
}

TEST_F(ZonesTest, TakeTheNextOneThatMatchesWhereTheFirstIsFull) {
    const auto heap = open("memfd,mmz=a,1,0x10000000,64K:a,2,0x20000000,64K");
    const Block full = allocate(heap, 64 << 10, in("a"));
    EXPECT_EQ(full.address(), 0x20000000u);
    const Block next = allocate(heap, 4096, in("a"));
    EXPECT_EQ(next.address(), 0x10000000u);
    const Result<Block> none = heap->allocate(64 << 10, in("a"));
    ASSERT_FALSE(none.ok());
    EXPECT_THAT(none.error().message(), AllOf(HasSubstr("zone 'a' has 0 KiB of 64 KiB free"),
                                              HasSubstr("zone 'a' has 60 KiB of 64 KiB free")));
}

TEST_F(ZonesTest, AreAskedByNameOnAHeapOfOneToo) {
    const auto heap = open("memfd,size=64K,zone=camera");
    EXPECT_TRUE(allocate(heap, 1, in("camera")).isValid());
    EXPECT_EQ(heap->allocate(1, in("display")).error().code, ENOENT);
}

// ---- Files.

TEST_F(ZonesTest, ComeFromAFile) {
    const TemporaryFile file("# my board\nanonymous,0,0x44000000,1M\n  +osd,0x44000000,4K # DRM\n");
    const auto heap = open("memfd,mmz=@" + file.path());
    EXPECT_EQ(heap->description(), "memfd,mmz=@" + file.path());
    EXPECT_EQ(allocate(heap, 1).address(), 0x44001000u);
    EXPECT_EQ(open("memfd,mmz=anonymous,0,0x44000000,1M:+osd,0x44000000,4K"), heap);
}

TEST_F(ZonesTest, SayWhatIsWrongWithTheirFile) {
    EXPECT_EQ(refused("memfd,mmz=@/no/such/file").code, ENOENT);
    const TemporaryFile bad("anonymous,0,0x44000000\n");
    const Error error = refused("memfd,mmz=@" + bad.path());
    EXPECT_EQ(error.code, EINVAL);
    EXPECT_THAT(error.message(), AllOf(HasSubstr(bad.path()), HasSubstr("3 fields")));
    const TemporaryFile huge(std::string(70000, '#'));
    EXPECT_EQ(refused("memfd,mmz=@" + huge.path()).code, EFBIG);
    EXPECT_EQ(refused("memfd,mmz=@").code, EINVAL);
}

// ---- Refusals and sharing.

TEST_F(ZonesTest, AreRefusedWhereTheMemoryLiesAsItsDriverSays) {
    fake.addDmaHeap("system");
    const Error error = refused("dma-heap:system,mmz=a,0,0,64K");
    EXPECT_EQ(error.code, EOPNOTSUPP);
    EXPECT_THAT(error.message(), HasSubstr("its own driver"));
}

TEST_F(ZonesTest, AreRefusedWhereTheyAreNoPagesOfThisMachine) {
    fake.machinePageSize = 65536;
    EXPECT_EQ(refused("memfd,mmz=a,0,0x1000,64K").code, EINVAL);
    EXPECT_THAT(refused("memfd,mmz=a,0,0x10000,4K").message(), HasSubstr("whole pages of 65536"));
}

TEST_F(ZonesTest, AreRefusedBeyondTheMachinesMemory) {
    fake.machineMemory = 1 << 30;
    EXPECT_THAT(refused("memfd,mmz=a,0,0,1024M:b,0,1024M,4K").message(),
                HasSubstr("more than this machine's memory"));
}

TEST_F(ZonesTest, SayWhatSizeZoneAndBaseSay) {
    for (const char* key : {"size=1M", "zone=b", "base=0x1000"})
        EXPECT_THAT(refused(std::string("memfd,") + key + ",mmz=a,0,0,64K").message(),
                    HasSubstr("mmz= beside size=, zone= or base="));
}

TEST_F(ZonesTest, AreSharedByWhoeverDoesNotContradict) {
    const auto heap = open("memfd,mmz=anonymous,0,0x44000000,1M");
    EXPECT_EQ(open("memfd"), heap);
    EXPECT_EQ(open("memfd,mmz=anonymous,0x0,0x44000000,1024K"), heap);
    const Error error = refused("memfd,mmz=anonymous,0,0x44000000,2M");
    EXPECT_EQ(error.code, EBUSY);
    EXPECT_THAT(error.message(), HasSubstr("disagree on mmz"));
    EXPECT_EQ(refused("memfd,size=2M").code, EBUSY);
}

TEST_F(ZonesTest, AreWhatAutoIsWhereTheEnvironmentSaysSo) {
    const EnvironmentVariable variable("MEDIAHEAP_DEFAULT", "memfd,mmz=a,0,0x10000000,64K");
    EXPECT_EQ(open("auto")->description(), "memfd,mmz=a,0,0x10000000,64K");
    EXPECT_EQ(open("auto,size=1M,zone=b")->description(), "memfd,size=1M,zone=b");
}

} // namespace
} // namespace mediaheap
