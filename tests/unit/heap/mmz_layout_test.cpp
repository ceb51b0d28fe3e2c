// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Zones in the grammar of HiSilicon's module parameter: docs/heap-string.md.
#include "heap/mmz_layout.h"

#include <cerrno>
#include <ostream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "must.h"

namespace mediaheap {
namespace {

using test::must;
using testing::HasSubstr;

struct Form {
    const char* written;
    const char* canonical;
};

void PrintTo(const Form& form, std::ostream* out) { *out << form.written; }

class MmzForm : public testing::TestWithParam<Form> {};

TEST_P(MmzForm, IsTheSameForAllWaysToWriteIt) {
    const MmzLayout layout = must(MmzLayout::parse(GetParam().written));
    EXPECT_EQ(layout.text(), GetParam().canonical);
    EXPECT_EQ(must(MmzLayout::parse(layout.text())), layout);
}

INSTANTIATE_TEST_SUITE_P(
    Zones, MmzForm,
    testing::Values(Form{"anonymous,0,0x44000000,64M", "anonymous,0,0x44000000,64M"},
                    Form{"anonymous,0,1140850688,65536K", "anonymous,0,0x44000000,64M"},
                    Form{"anonymous,0x0,0X44000000,0x4000000", "anonymous,0,0x44000000,64M"},
                    Form{"a,0,1088M,1048576k", "a,0,0x44000000,1024M"}, // the vendor knows no G
                    Form{"a,0,0,010000", "a,0,0x0,4K"}, // a leading 0 is octal there
                    Form{"a,0,0,4097", "a,0,0x0,4097"}, Form{"a,7,0x1000,4K,0,0", "a,7,0x1000,4K"},
                    Form{"a,0,0,1M,1,0", "a,0,0x0,1M,1,0"},
                    Form{"a,0,0,1M,2,65536", "a,0,0x0,1M,2,64K"},
                    Form{"a,0,0xfffffffffffff000,4095", "a,0,0xfffffffffffff000,4095"},
                    Form{"b,0,0x2000,4K:a,0,0x1000,4K", "b,0,0x2000,4K:a,0,0x1000,4K"},
                    Form{"a,0,0x1000,4K:a,1,0x2000,4K", "a,0,0x1000,4K:a,1,0x2000,4K"}));

INSTANTIATE_TEST_SUITE_P(
    SystemBlocks, MmzForm,
    testing::Values(Form{"a,0,0x10000,64K:+osd,0x10000,4K", "a,0,0x10000,64K:+osd,0x10000,4K"},
                    Form{"a,0,0x10000,64K:+osd,0x10000,4K,0,0", "a,0,0x10000,64K:+osd,0x10000,4K"},
                    Form{"a,0,0x10000,64K:+osd,0x10000,4K,0xC4ABA000,0x3",
                         "a,0,0x10000,64K:+osd,0x10000,4K,0xc4aba000,3"},
                    Form{"a,0,0x10000,64K:+y,0x12000,4K:+x,0x10000,8K",
                         "a,0,0x10000,64K:+x,0x10000,8K:+y,0x12000,4K"},
                    Form{"a,0,0x10000,64K:+vb pool(0),65536,64K:b,0,0x20000,4K:+z,0x20000,4K",
                         "a,0,0x10000,64K:+vb pool(0),0x10000,64K:b,0,0x20000,4K:+z,0x20000,4K"}));

struct Refusal {
    std::string written;
    const char* cause;
    const char* remedy;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.written; }

class RefusedMmz : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedMmz, SaysWhatIsWrongAndWhatWouldBeRight) {
    const Result<MmzLayout> layout = MmzLayout::parse(GetParam().written);
    ASSERT_FALSE(layout.ok()) << layout->text();
    EXPECT_EQ(layout.error().code, EINVAL);
    EXPECT_THAT(layout.error().cause, HasSubstr(GetParam().cause));
    EXPECT_THAT(layout.error().remedy, HasSubstr(GetParam().remedy));
}

INSTANTIATE_TEST_SUITE_P(
    Fields, RefusedMmz,
    testing::Values(
        Refusal{"", "without anything", "<name>,<gfp>,<start>,<size>"},
        Refusal{"a,0,0,4K:", "without anything", "<name>"},
        Refusal{"a", "1 fields", "mmz= comes last"}, Refusal{"a,0,0", "3 fields", ""},
        Refusal{"a,0,0,4K,1", "5 fields, and a zone has 4 or 6", ""},
        Refusal{"a,0,0,4K,1,0,9", "7 fields", ""}, Refusal{"a,0,0,size=4K", "size=4K", "last"},
        Refusal{",0,0,4K", "'' is not a zone name", "1 to 31"},
        Refusal{"two words,0,0,4K", "is not a zone name", ""},
        Refusal{"@a,0,0,4K", "is not a zone name", ""},
        Refusal{std::string(32, 'a') + ",0,0,4K", "is not a zone name", "1 to 31"},
        Refusal{"a,x,0,4K", "'x' as the gfp", ""}, Refusal{"a,0,,4K", "'' as the start", ""},
        Refusal{"a,0,0,64G", "'64G' as the size", "in M, such as 1024M"},
        Refusal{"a,0,0,1t", "ends in 't', and only K and M multiply here", "in M"},
        Refusal{"a,0,0,0x1eP", "ends in 'P', and only K and M", "in M"},
        Refusal{"a,0,0,G", "'G' as the size in 'a,0,0,G' is no number", "<name>"},
        Refusal{"a,0,0,0x1g2", "is no number", "<name>"}, Refusal{"a,0,0,M", "'M' as the size", ""},
        Refusal{"a,0,0,0x", "'0x' as the size", ""}, Refusal{"a,0,0,08K", "'08K'", ""},
        Refusal{"a,0,0,-4K", "'-4K'", ""},
        Refusal{"a,0,18446744073709551616,4K", "is too large", "below 2^64"},
        Refusal{"a,0,0,17592186044416M", "is too large", "below 2^64"},
        Refusal{"a,0,0,0", "has no memory", "at least one page"},
        Refusal{"a,0,0,4K,3,0", "alloc_type 3", "2 for multiples"},
        Refusal{"a,0,0,4K,2,0", "alloc_type 2 and block_align 0", "belongs to"},
        Refusal{"a,0,0,4K,0,4K", "alloc_type 0 and block_align 4096", "write 0"}));

INSTANTIATE_TEST_SUITE_P(
    Ranges, RefusedMmz,
    testing::Values(Refusal{"a,0,0xfffffffffffff000,4K", "beyond the address space", "lower start"},
                    Refusal{"a,0,0x1000,8K:b,0,0x2000,4K",
                            "zone 'b' of 0x2000-0x2fff overlaps zone 'a' of 0x1000-0x2fff",
                            "of its own"},
                    Refusal{"a,0,0x2000,4K:b,0,0x1000,64K", "overlaps zone 'a'", ""},
                    Refusal{"a,0,0x1000,4K:a,0,0x2000,4K", "two zones are named 'a' with gfp 0",
                            "a name or a gfp"}));

INSTANTIATE_TEST_SUITE_P(
    SystemBlocks, RefusedMmz,
    testing::Values(Refusal{"+osd,0,4K", "before any zone", ""},
                    Refusal{"a,0,0,64K:+osd,0", "2 fields, and a block", ""},
                    Refusal{"a,0,0,64K:+osd,0,4K,1", "4 fields", ""},
                    Refusal{"a,0,0,64K:+,0,4K", "not a block's name", ""},
                    Refusal{"a,0,0,64K:+osd,0,0", "'osd' has no memory", ""},
                    Refusal{"a,0,0,64K:+osd,0,4K,0,0x100000000", "more than 32 bits", ""},
                    Refusal{"a,0,0x1000,4K:+osd,0,4K", "does not lie in zone 'a' of 0x1000-0x1fff",
                            ""},
                    Refusal{"a,0,0x1000,4K:+osd,0x1000,8K", "does not lie in zone", ""},
                    Refusal{"a,0,0,64K:+x,0,8K:+y,0x1000,4K",
                            "block 'y' of 0x1000-0x1fff overlaps block 'x' of 0x0-0x1fff", ""}));

TEST(MmzLayout, ComesFromLinesWithComments) {
    const MmzLayout layout = must(MmzLayout::parseLines("# the board on my desk\n"
                                                        "\n"
                                                        "anonymous,0,0x44000000,64M   # DDR0\n"
                                                        "  +osd,0x44000000,4K\r\n"
                                                        "\tjpeg,1,0x48000000,1M\n"));
    EXPECT_EQ(layout.text(), "anonymous,0,0x44000000,64M:+osd,0x44000000,4K:jpeg,1,0x48000000,1M");
    EXPECT_EQ(layout.size(), uint64_t{65} << 20);
}

TEST(MmzLayout, IsRefusedFromAFileOfCommentsAlone) {
    const Result<MmzLayout> layout = MmzLayout::parseLines("# nothing\n\n");
    ASSERT_FALSE(layout.ok());
    EXPECT_THAT(layout.error().cause, HasSubstr("no zone"));
}

TEST(MmzLayout, KnowsWhatIsNotMadeOfWholePages) {
    EXPECT_TRUE(must(MmzLayout::parse("a,0,0x1000,4K,2,4K:+x,0x1000,4K")).checkPages(4096).ok());
    for (const char* text : {"a,0,0x1100,4K", "a,0,0x1000,4097", "a,0,0x1000,8K,2,100",
                             "a,0,0x1000,8K:+x,0x1004,4K", "a,0,0x1000,8K:+x,0x1000,5000"}) {
        const Result<void> whole = must(MmzLayout::parse(text)).checkPages(4096);
        ASSERT_FALSE(whole.ok()) << text;
        EXPECT_THAT(whole.error().cause, HasSubstr("whole pages of 4096 bytes"));
    }
}

TEST(MmzLayout, LaysItsZonesOneAfterAnother) {
    const std::vector<Zone::Setup> setups =
        must(MmzLayout::parse("a,0,0x44000000,64K:b,5,0x80000000,4K,2,4K:+x,0x80000000,4K,9,1"))
            .setups();
    ASSERT_EQ(setups.size(), 2u);
    EXPECT_EQ(setups[0].start, 0u);
    EXPECT_EQ(setups[1].start, 0x10000u);
    EXPECT_EQ(setups[1].base, 0x80000000u);
    EXPECT_EQ(setups[1].gfp, 5u);
    EXPECT_EQ(setups[1].unit, 4096u);
    ASSERT_EQ(setups[1].system.size(), 1u);
    EXPECT_EQ(setups[1].system[0].offset, 0x10000u);
    EXPECT_EQ(setups[1].system[0].kvirt, 9u);
}

} // namespace
} // namespace mediaheap
