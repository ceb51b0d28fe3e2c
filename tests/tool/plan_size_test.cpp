// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The formulas of a plan, against figures worked out by hand or taken from the vendor's document.
#include <gtest/gtest.h>

#include "plan/codec.h"
#include "plan/pixel_format.h"
#include "plan/section.h"

namespace mediaheap::plan {
namespace {

uint64_t frame(const char* format, uint64_t width, uint64_t height, uint64_t stride = 1) {
    const PixelFormat* const found = findPixelFormat(format);
    if (!found) {
        ADD_FAILURE() << format << " is not known";
        return 0;
    }
    return sizeOfFrame(*found, width, height, stride).bytes;
}

uint64_t sum(const SizeOfCodec& codec) {
    Item item;
    item.parts = codec.parts;
    return item.bytes();
}

TEST(PlanSizes, TheFramebufferOfTheVendorsDocumentHasItsBytes) {
    EXPECT_EQ(frame("ARGB8888", 1024, 600), 2457600u);
    EXPECT_EQ(sizeOfFrame(*findPixelFormat("argb8888"), 1024, 600, 1).formula,
              "1024 * 600 * (32 / 8)");
}

TEST(PlanSizes, EachKindOfFormatHasItsPlanes) {
    EXPECT_EQ(frame("RGB565", 800, 480), 800u * 480 * 2);
    EXPECT_EQ(frame("BGR888", 800, 480), 800u * 480 * 3);
    EXPECT_EQ(frame("YUYV", 640, 480), 640u * 480 * 2);
    EXPECT_EQ(frame("NV12", 1920, 1080), 3110400u);
    EXPECT_EQ(frame("I420", 1920, 1080), 3110400u);
    EXPECT_EQ(frame("NV16", 1920, 1080), 1920u * 1080 * 2);
    EXPECT_EQ(frame("NV24", 1920, 1080), 1920u * 1080 * 3);
    EXPECT_EQ(frame("P010", 1920, 1080), 1920u * 1080 * 3);
    EXPECT_EQ(frame("SRGGB10", 1920, 1080), 1920u * 1080 * 2);
}

TEST(PlanSizes, OddFramesHaveWholePairsOfPixelsAndWholeLinesOfColour) {
    // 6 bytes a line, 3 lines of luma, 2 of both colours.
    EXPECT_EQ(frame("NV12", 5, 3), 6u * 3 + 6 * 2);
    EXPECT_EQ(frame("I420", 5, 3), 6u * 3 + 3 * 2 + 3 * 2);
    EXPECT_EQ(frame("YUYV", 5, 3), 12u * 3);
    EXPECT_EQ(frame("GREY", 5, 3), 15u);
}

TEST(PlanSizes, PaddedLinesPadTheOtherPlanesInProportion) {
    EXPECT_EQ(frame("NV12", 1080, 1920, 64), 1088u * 1920 + 1088 * 960);
    EXPECT_EQ(frame("I420", 1080, 1920, 64), 1088u * 1920 + 2 * 544 * 960);
    EXPECT_EQ(frame("ARGB8888", 100, 10, 256), 512u * 10);
    EXPECT_EQ(frame("NV24", 100, 10, 64), 128u * 10 + 256 * 10);
}

TEST(PlanSizes, AnUnknownFormatIsNone) {
    EXPECT_EQ(findPixelFormat("ARGB"), nullptr);
    EXPECT_EQ(findPixelFormat(""), nullptr);
}

TEST(PlanSizes, ADecoderOfFullHdHasTheSumOfTheVendorsFormula) {
    H264 decoder;
    decoder.width = 1920;
    decoder.height = 1080;
    decoder.references = 4;
    // 1920 x 1088 in whole macroblocks, 7 frames.
    EXPECT_EQ(decoder.frames(), 7u);
    EXPECT_EQ(sum(sizeOf(decoder)),
              1048576u + 3133440u * 7 + 3840 + 12288 + 15360 + 69632 + 120 * 68 * 32 * 7);
    decoder.mbaff = true;
    EXPECT_EQ(sum(sizeOf(decoder)),
              1048576u + 3133440u * 7 + 7680 + 12288 + 30720 + 69632 + 120 * 68 * 32 * 7);
}

TEST(PlanSizes, ADecoderNeverHasMoreThan18Frames) {
    H264 decoder;
    decoder.width = 16;
    decoder.height = 16;
    decoder.references = 16;
    EXPECT_EQ(decoder.frames(), 18u);
    const SizeOfCodec size = sizeOf(decoder);
    EXPECT_NE(size.formula.find("at most 18"), std::string::npos) << size.formula;
    decoder.references = 15;
    EXPECT_EQ(decoder.frames(), 18u);
    EXPECT_EQ(sizeOf(decoder).formula.find("at most"), std::string::npos);
}

TEST(PlanSizes, TheOutputOfAJpegEncoderGrowsWithItsQualityAndRoundsUp) {
    EXPECT_EQ(sum(sizeOfJpeg(1920, 1080, 100, 1)), 1658880u);
    EXPECT_EQ(sum(sizeOfJpeg(1920, 1080, 50, 2)), 1658880u);
    EXPECT_EQ(sum(sizeOfJpeg(1, 1, 1, 1)), 1u);
}

TEST(PlanSizes, BytesAreReadWithUnitsAndFractionsThatComeOutWhole) {
    EXPECT_EQ(parseBytes("1.5M"), 1572864u);
    EXPECT_EQ(parseBytes("2.5M"), 2621440u);
    EXPECT_EQ(parseBytes("12K"), 12288u);
    EXPECT_EQ(parseBytes("0"), 0u);
    EXPECT_EQ(parseBytes("1024G"), uint64_t{1} << 40);
    for (const char* wrong : {"", "M", "1.M", ".5M", "1.3K", "-1", "+1", "1 M", "1.5", "0x10",
                              "1025G", "99999999999999999999", "1.0000000000M", "17179869184G"})
        EXPECT_FALSE(parseBytes(wrong)) << wrong;
}

} // namespace
} // namespace mediaheap::plan
