// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Plan files as people write them, right and wrong, and what a plan adds up to.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "must.h"
#include "plan/plan.h"
#include "plan/plan_file.h"

namespace mediaheap::plan {
namespace {

using test::must;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr uint64_t mib = uint64_t{1} << 20;

PlanFile parse(const std::string& text) { return must(parsePlan(text, "board.plan")); }

Plan workOut(const std::string& text) { return must(plan::workOut(parse(text), 4096, {})); }

std::string errorOf(const std::string& text) {
    const Result<PlanFile> file = parsePlan(text, "board.plan");
    if (file)
        return "no error";
    EXPECT_EQ(file.error().code, EINVAL);
    return file.error().message();
}

TEST(PlanFiles, TheVendorsExampleAddsUpAsItsDocumentSays) {
    const Plan plan = workOut("[plan]\n"
                              "margin = 0%\n"
                              "[display fb0]   # the LCD\n"
                              "size = 1024x600\n"
                              "format = ARGB8888\n"
                              "buffers = 2\n"
                              "[audio]\n"
                              "i2s = yes\n");
    ASSERT_EQ(plan.file.items.size(), 2u);
    EXPECT_EQ(plan.file.items[0].bytes(), 4915200u);
    EXPECT_EQ(plan.file.items[1].bytes(), 2621440u);
    EXPECT_EQ(plan.heap, 0u);
    EXPECT_EQ(plan.others, 4915200u + 2621440u);
    EXPECT_EQ(plan.cma, 8 * mib) << "4M alignment";
}

TEST(PlanFiles, AlsaAloneHasLessThanAlsaWithI2s) {
    EXPECT_EQ(parse("[audio]\n").items[0].bytes(), 3 * mib / 2);
    EXPECT_EQ(parse("[audio]\ni2s=yes\n").items[0].bytes(), 5 * mib / 2);
    EXPECT_EQ(parse("[audio]\nbytes=1M\n").items[0].bytes(), mib);
}

TEST(PlanFiles, DisplayAudioAndCommunicationStandBesideTheHeapUnlessTheFileSaysOtherwise) {
    const PlanFile file = parse("[display]\nsize=16x16\nformat=GREY\n[audio]\n"
                                "[communication wifi]\nbytes=1M\n[other a]\nbytes=1\n"
                                "[camera]\nsize=16x16\nformat=GREY\n"
                                "[codec]\ntype=jpeg\nsize=16x16\nquality=1\n"
                                "[display osd]\nsize=16x16\nformat=GREY\nfrom=heap\n"
                                "[camera phys]\nsize=16x16\nformat=GREY\nfrom=cma\n");
    ASSERT_EQ(file.items.size(), 8u);
    for (const size_t beside : {0, 1, 2, 3, 7})
        EXPECT_EQ(file.items[beside].from, From::Cma) << file.items[beside].name;
    for (const size_t inside : {4, 5, 6})
        EXPECT_EQ(file.items[inside].from, From::Heap) << file.items[inside].name;
}

TEST(PlanFiles, TheHeapHasTheLargestModeInWholePages) {
    const Plan plan = workOut("[other always]\nbytes=1\nfrom=heap\n"
                              "[other a]\nbytes=4097\ncount=2\nfrom=heap\n"
                              "[other b]\nbytes=8192\ncount=3\nfrom=heap\n"
                              "[mode one]\nitems=a\n[mode two]\nitems=b\n"
                              "[sequence]\nmodes=one,two\nfree=first\n");
    EXPECT_EQ(plan.largestMode, 4096u + 3 * 8192);
    EXPECT_EQ(plan.largestModeName, "two");
    EXPECT_EQ(plan.heap, plan.largestMode);
    EXPECT_TRUE(plan.result.fits);
    EXPECT_TRUE(plan.result.exhaustive);
    EXPECT_EQ(plan.cma, 4 * mib);
}

TEST(PlanFiles, TheMarginIsAShareOrBytesAndEndsInWholeGrains) {
    const std::string other = "[other]\nbytes=8M\n";
    EXPECT_EQ(workOut(other).cma, 12 * mib) << "8 MiB and a tenth";
    EXPECT_EQ(workOut("[plan]\nmargin=0%\n" + other).cma, 8 * mib);
    EXPECT_EQ(workOut("[plan]\nmargin=4M\n" + other).cma, 12 * mib);
    EXPECT_EQ(workOut("[plan]\nmargin=4097K\n" + other).cma, 16 * mib);
    EXPECT_EQ(workOut("[plan]\nmargin=100%\n" + other).cma, 16 * mib);
}

TEST(PlanFiles, AHeapThatIsTooTightForTheSequenceIsMadeLarger) {
    // Two blocks of the old mode in the middle go first, a large one takes their place, and what is
    // left lies on both sides of it.
    const Plan plan = workOut("[plan]\npage=4K\n"
                              "[other small]\nbytes=1M\ncount=4\nfrom=heap\n"
                              "[other large]\nbytes=2M\ncount=2\nfrom=heap\n"
                              "[mode one]\nitems=small\n[mode two]\nitems=large\n");
    ASSERT_TRUE(plan.tightResult);
    EXPECT_FALSE(plan.tightResult->fits);
    EXPECT_EQ(plan.tightSequence.zonePages * 4096, 4 * mib);
    EXPECT_TRUE(plan.result.fits);
    EXPECT_TRUE(plan.result.exhaustive);
    EXPECT_EQ(plan.heap, plan.sequence.zonePages * 4096);
    EXPECT_GT(plan.heap, 4 * mib);
    EXPECT_LE(plan.heap, 8 * mib);
}

TEST(PlanFiles, WithoutASequenceTheModesFollowEachOther) {
    const PlanFile file = parse("[audio]\n[mode a]\nitems=audio\n[mode b]\nitems=audio\n");
    EXPECT_THAT(file.order, ElementsAre(0u, 1u));
}

TEST(PlanFiles, WhatIsWrongIsNamedWithItsLine) {
    struct Case {
        const char* text;
        const char* line;
        const char* says;
    };
    const Case cases[] = {
        {"", "board.plan:1: ", "no item"},
        {"# nothing\n\n", "board.plan:1: ", "no item"},
        {"size = 1x1\n", "board.plan:1: ", "before the first [section]"},
        {"[audio]\nnonsense\n", "board.plan:2: ", "neither a [section] nor key = value"},
        {"[audio\n", "board.plan:1: ", "ends with ]"},
        {"[radio]\n", "board.plan:1: ", "no section is called [radio]"},
        {"[audio]\n\nalsa = perhaps\n", "board.plan:3: ", "none of no, yes"},
        {"[audio]\nalsa = no\n", "board.plan:2: ", "ALSA only"},
        {"[audio]\nvolume = 3\n", "board.plan:2: ", "takes no key 'volume'"},
        {"[audio]\nalsa=yes\nalsa=yes\n", "board.plan:3: ", "twice, first in line 2"},
        {"[audio]\n[audio]\n", "board.plan:2: ", "'audio' is in line 1 already"},
        {"[display]\nformat=GREY\n", "board.plan:1: ", "needs a key 'size'"},
        {"[display]\nsize=0x600\nformat=GREY\n", "board.plan:2: ", "no width and height"},
        {"[display]\nsize=1024\nformat=GREY\n", "board.plan:2: ", "no width and height"},
        {"[display]\nsize=65537x1\nformat=GREY\n", "board.plan:2: ", "no width and height"},
        {"[display]\nsize=1x1\nformat=RGBX9999\n", "board.plan:3: ", "NV12"},
        {"[display]\nsize=1x1\nformat=GREY\nbuffers=0\n", "board.plan:4: ", "from 1 to 4096"},
        {"[communication]\n", "board.plan:1: ", "needs a key 'bytes'"},
        {"[communication]\nbytes=much\n", "board.plan:2: ", "no size"},
        {"[codec]\nsize=1x1\n", "board.plan:1: ", "needs a key 'type'"},
        {"[codec]\ntype=av1\nsize=1x1\n", "board.plan:2: ", "none of h264, jpeg"},
        {"[codec]\ntype=h264\nsize=1x1\nreferences=17\n", "board.plan:4: ", "from 0 to 16"},
        {"[codec]\ntype=jpeg\nsize=1x1\nquality=0\n", "board.plan:4: ", "from 1 to 100"},
        {"[codec]\ntype=jpeg\nsize=1x1\nquality=9\nmbaff=yes\n", "board.plan:5: ", "'mbaff'"},
        {"[other]\nbytes=0\n", "board.plan:2: ", "without memory"},
        {"[other]\nbytes=1\nfrom=disk\n", "board.plan:3: ", "none of heap, cma"},
        {"[plan]\npage=3K\n[audio]\n", "board.plan:2: ", "power of two"},
        {"[plan]\nmargin=101%\n[audio]\n", "board.plan:2: ", "0% to 100%"},
        {"[plan]\nmargin=\n[audio]\n", "board.plan:2: ", "no size"},
        {"[plan]\n[plan]\n", "board.plan:2: ", "already"},
        {"[mode a]\nitems=b\n", "board.plan:2: ", "no item above is called 'b'"},
        {"[audio]\n[mode]\nitems=audio\n", "board.plan:2: ", "without a name"},
        {"[audio]\n[mode a]\nitems=audio,audio\n", "board.plan:3: ", "listed twice"},
        {"[audio]\n[mode a]\nitems=audio,\n", "board.plan:3: ", "empty word"},
        {"[audio]\n[mode a]\nitems=audio\n[mode a]\nitems=audio\n", "board.plan:4: ", "already"},
        {"[audio]\n[sequence]\nmodes=a\n", "board.plan:3: ", "no mode above is called 'a'"},
        {"[audio]\n[mode a]\nitems=audio\n[sequence]\nmodes=a\nfree=never\n",
         "board.plan:6: ", "none of blocks, items, first"},
    };
    for (const Case& wrong : cases) {
        EXPECT_THAT(errorOf(wrong.text), StartsWith(wrong.line)) << wrong.text;
        EXPECT_THAT(errorOf(wrong.text), HasSubstr(wrong.says)) << wrong.text;
    }
}

TEST(PlanFiles, AMisspeltKeyIsNamedRatherThanTheOneThatIsMissingForIt) {
    const std::string error = errorOf("[display fb]\nsize=1x1\n\nfromat=GREY\n");
    EXPECT_THAT(error, StartsWith("board.plan:4: "));
    EXPECT_THAT(error, HasSubstr("takes no key 'fromat'"));
    EXPECT_THAT(error, HasSubstr("size, format, buffers"));
    EXPECT_THAT(errorOf("[display fb]\nsize=wide\nfromat=GREY\n"), HasSubstr("'fromat'"));
    EXPECT_THAT(errorOf("[mode a]\nitem=b\n"), StartsWith("board.plan:2: "));
}

TEST(PlanFiles, AMissingKeyIsNamedBeforeAValueThatMakesNoSense) {
    EXPECT_THAT(errorOf("[display fb]\nsize=wide\n"),
                HasSubstr("[display fb] needs a key 'format'"));
    EXPECT_THAT(errorOf("[codec]\ntype=jpeg\nsize=wide\n"), HasSubstr("needs a key 'quality'"));
}

TEST(PlanFiles, ACodecWhoseTypeIsMisspeltHasNoOtherKeyBlamed) {
    EXPECT_THAT(errorOf("[codec]\nsize=1x1\nquality=90\ntyp=jpeg\n"), HasSubstr("no key 'typ'"));
    EXPECT_THAT(errorOf("[codec]\nsize=1x1\nquality=90\ntype=jpg\n"),
                HasSubstr("none of h264, jpeg"));
    EXPECT_THAT(errorOf("[codec]\nsize=1x1\nreferences=2\n"), HasSubstr("needs a key 'type'"));
}

TEST(PlanFiles, LinesMayEndAsTheyDoElsewhereAndBeCommentedAnywhere) {
    const PlanFile file =
        parse("# first\r\n  [ audio  speaker ]  # second\r\n\ti2s\t=  yes # third");
    ASSERT_EQ(file.items.size(), 1u);
    EXPECT_EQ(file.items[0].name, "speaker");
    EXPECT_EQ(file.items[0].bytes(), 5 * mib / 2);
}

TEST(PlanFiles, TheLargestFileThatIsTakenDoesNotOverflow) {
    std::string text;
    for (size_t item = 0; item < mostItems; item++)
        text += "[other n" + std::to_string(item) + "]\nbytes=1024G\ncount=4096\n";
    const Plan plan = workOut(text);
    EXPECT_EQ(plan.others, uint64_t{1} << 60);
    EXPECT_GT(plan.cma, plan.others);
    EXPECT_THAT(errorOf(text + "[audio]\n"), HasSubstr("more than 256 items"));
}

} // namespace
} // namespace mediaheap::plan
