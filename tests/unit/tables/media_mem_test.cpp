// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The text of HiSilicon's /proc/media-mem.
#include <gtest/gtest.h>

#include "tables/media_mem.h"

namespace mediaheap {
namespace {

TEST(MediaMemTest, IsTheVendorsListingByteForByte) {
    MediaMemZone zone{"anonymous", 0, 0x44000000, 64 << 20, {}, 0, 0};
    zone.blocks = {{0x44000000, 32 << 10, 0xC4B98000, 1, "sys_scale_coef"},
                   {0x44008000, 332 << 10, 0xC4D00000, 1, "VGS_NodeBuf"},
                   {0x4405B000, 1620 << 10, 0, 0, "hifb_layer0"},
                   {0x441F0000, 212 << 10, 0xC5600000, 1, "IVE_QUEUE"},
                   {0x44225000, 4 << 10, 0xC4ABA000, 3, "IVE_TEMP_NODE"},
                   {0x44226000, 1 << 20, 0, 0, "test"},
                   {0x44326000, 1 << 20, 0, 0, "test_cache"}};
    zone.used = 4248 << 10;
    zone.blockCount = 7;
    EXPECT_EQ(mediaMemText({zone}),
              R"(+---ZONE: PHYS(0x44000000, 0x47FFFFFF), GFP=0, nBYTES=65536KB,    NAME="anonymous"
   |-MMB: phys(0x44000000, 0x44007FFF), kvirt=0xC4B98000, flags=0x00000001, length=32KB,    name="sys_scale_coef"
   |-MMB: phys(0x44008000, 0x4405AFFF), kvirt=0xC4D00000, flags=0x00000001, length=332KB,    name="VGS_NodeBuf"
   |-MMB: phys(0x4405B000, 0x441EFFFF), kvirt=0x00000000, flags=0x00000000, length=1620KB,    name="hifb_layer0"
   |-MMB: phys(0x441F0000, 0x44224FFF), kvirt=0xC5600000, flags=0x00000001, length=212KB,    name="IVE_QUEUE"
   |-MMB: phys(0x44225000, 0x44225FFF), kvirt=0xC4ABA000, flags=0x00000003, length=4KB,    name="IVE_TEMP_NODE"
   |-MMB: phys(0x44226000, 0x44325FFF), kvirt=0x00000000, flags=0x00000000, length=1024KB,    name="test"
   |-MMB: phys(0x44326000, 0x44425FFF), kvirt=0x00000000, flags=0x00000000, length=1024KB,    name="test_cache"

---MMZ_USE_INFO:
 total size=65536KB(64MB),used=4248KB(4MB + 152KB),remain=61288KB(59MB + 872KB),zone_number=1,block_number=7
)");
}

TEST(MediaMemTest, SumsUpAllZones) {
    const std::string text = mediaMemText(
        {{"a", 0, 0, 1 << 20, {}, 512 << 10, 1}, {"b", 7, 1 << 20, 2 << 20, {}, 1 << 20, 2}});
    EXPECT_NE(text.find("GFP=7, nBYTES=2048KB,    NAME=\"b\""), std::string::npos);
    EXPECT_NE(text.find(" total size=3072KB(3MB),used=1536KB(1MB + 512KB),"
                        "remain=1536KB(1MB + 512KB),zone_number=2,block_number=3\n"),
              std::string::npos)
        << text;
}

TEST(MediaMemTest, HasNoSumsWhereThereIsNoZone) { EXPECT_EQ(mediaMemText({}), ""); }

TEST(MediaMemTest, ShowsABlockWithoutANameAsTheVendorDoes) {
    EXPECT_NE(mediaMemText({{"a", 0, 0, 1 << 20, {{0, 4096, 0, 0, ""}}, 4096, 1}})
                  .find("name=\"<null>\""),
              std::string::npos);
}

TEST(MediaMemTest, DoesNotGoBelowNothingWhereATableClaimsMoreThanItsZone) {
    EXPECT_NE(mediaMemText({{"a", 0, 0, 1 << 20, {}, 5 << 20, 1}}).find("remain=0KB("),
              std::string::npos);
}

} // namespace
} // namespace mediaheap
