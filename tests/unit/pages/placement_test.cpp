// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where the allocator places, worked out by hand.
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "pages/page_allocator.h"

namespace mediaheap {
namespace {

struct Gap {
    uint64_t first;
    uint64_t pages;
};

constexpr uint64_t zonePages = 64;
constexpr std::optional<uint64_t> nowhere = std::nullopt;

/// A zone of 64 pages in which exactly @p gaps are free.
PageAllocator zoneWith(const std::vector<Gap>& gaps, uint64_t firstPage) {
    PageAllocator zone(zonePages, firstPage);
    EXPECT_EQ(zone.allocate(zonePages), 0u);
    for (const Gap& gap : gaps)
        EXPECT_TRUE(zone.free(gap.first, gap.pages));
    return zone;
}

struct Placement {
    const char* why;
    std::vector<Gap> gaps;
    uint64_t firstPage;
    uint64_t pages;
    uint64_t alignment;
    std::optional<uint64_t> expected;
};

void PrintTo(const Placement& placement, std::ostream* out) { *out << placement.why; }

class PlacementTest : public testing::TestWithParam<Placement> {};

TEST_P(PlacementTest, IsTheOneWorkedOutByHand) {
    const Placement& row = GetParam();
    PageAllocator zone = zoneWith(row.gaps, row.firstPage);
    const uint64_t freeBefore = zone.freePages();

    EXPECT_EQ(zone.find(row.pages, row.alignment), row.expected);
    EXPECT_EQ(zone.freePages(), freeBefore) << "find() placed";
    EXPECT_EQ(zone.allocate(row.pages, row.alignment), row.expected);
    EXPECT_EQ(zone.freePages(), row.expected ? freeBefore - row.pages : freeBefore);
    if (row.expected) {
        EXPECT_FALSE(zone.isFree(*row.expected, 1));
        EXPECT_TRUE(zone.free(*row.expected, row.pages));
    }
    EXPECT_EQ(zone.validate(), "");
}

const std::vector<Gap> whole = {{0, 64}};
const std::vector<Gap> eightFourSix = {{0, 8}, {16, 4}, {32, 6}};
const std::vector<Gap> threeThrees = {{4, 3}, {20, 3}, {40, 3}};

INSTANTIATE_TEST_SUITE_P(
    BestFit, PlacementTest,
    testing::Values(
        Placement{"one page goes to the low end of an empty zone", whole, 0, 1, 1, 0},
        Placement{"a zone can be taken whole", whole, 0, 64, 1, 0},
        Placement{"but not more than that", whole, 0, 65, 1, nowhere},
        Placement{"an exact gap is best", eightFourSix, 0, 4, 1, 16},
        Placement{"the smallest sufficient gap is best", eightFourSix, 0, 3, 1, 16},
        Placement{"one more page than the smallest gap has", eightFourSix, 0, 5, 1, 32},
        Placement{"exact at the end of the zone's gaps", eightFourSix, 0, 6, 1, 32},
        Placement{"the largest gap where no other will do", eightFourSix, 0, 7, 1, 0},
        Placement{"the largest gap whole", eightFourSix, 0, 8, 1, 0},
        Placement{"18 pages are free, but not 9 in one piece", eightFourSix, 0, 9, 1, nowhere},
        Placement{"of equal gaps the lowest, exactly", threeThrees, 0, 3, 1, 4},
        Placement{"of equal gaps the lowest, with rest", threeThrees, 0, 2, 1, 4},
        Placement{
            "lowest counts among the smallest only", {{10, 5}, {20, 4}, {30, 4}}, 0, 4, 1, 20},
        Placement{"nothing free", {}, 0, 1, 1, nowhere},
        Placement{"the last page of the zone", {{63, 1}}, 0, 1, 1, 63},
        Placement{"a page too many at the zone's end", {{63, 1}}, 0, 2, 1, nowhere}));

INSTANTIATE_TEST_SUITE_P(
    Alignment, PlacementTest,
    testing::Values(
        Placement{"1-4 is long enough, but not from 4 on", {{1, 4}, {10, 7}}, 0, 4, 4, 12},
        Placement{"the aligned range ends with the gap", {{1, 7}}, 0, 4, 4, 4},
        Placement{"the aligned range passes the gap's end by one", {{1, 6}}, 0, 4, 4, nowhere},
        Placement{"the zone's start is aligned", whole, 0, 5, 8, 0},
        Placement{"alignment counts from the zone's address", whole, 4, 5, 8, 4},
        Placement{"from an odd address", whole, 3, 2, 4, 1},
        Placement{"beyond the zone start's own alignment", whole, 16, 8, 64, 48},
        Placement{"up to the zone's last page", whole, 16, 16, 64, 48},
        Placement{"one page beyond the zone", whole, 16, 17, 64, nowhere},
        // HiSilicon's allocator takes the gap's length minus the pages before the aligned start,
        // which is negative here, as an unsigned number, and places outside of the zone.
        Placement{"no aligned page in the zone at all", whole, 16, 1, 128, nowhere},
        Placement{"no aligned page in the gap", {{17, 10}}, 0, 1, 32, nowhere},
        Placement{"address 0 is a multiple of everything", whole, 0, 4, 128, 0},
        Placement{"even of the highest power of two", whole, 0, 4, 1ull << 63, 0},
        Placement{"an alignment of 3", {{1, 10}}, 0, 4, 3, 3},
        Placement{"an alignment of 3 from address 1", {{1, 10}}, 1, 4, 3, 2},
        Placement{"three gaps long enough, none aligned, then one",
                  {{1, 3}, {5, 3}, {9, 3}, {16, 5}},
                  0,
                  3,
                  4,
                  16},
        Placement{"the smaller gap wins over the lower", {{0, 16}, {18, 9}}, 0, 8, 2, 18},
        Placement{
            "of equal gaps the lowest that is aligned", {{2, 6}, {12, 6}, {24, 6}}, 0, 4, 8, 24},
        Placement{"the smaller gap is long enough only unaligned", {{0, 9}, {12, 8}}, 0, 6, 8, 0},
        Placement{"a longer gap with less after its head wins", {{0, 7}, {12, 9}}, 0, 4, 8, 16},
        Placement{"of gaps equal after their heads the lowest", {{2, 12}, {24, 6}}, 0, 4, 8, 8},
        Placement{"whichever of them is longer", {{0, 6}, {18, 12}}, 0, 4, 8, 0}));

INSTANTIATE_TEST_SUITE_P(Nonsense, PlacementTest,
                         testing::Values(Placement{"no pages", whole, 0, 0, 1, nowhere},
                                         Placement{"no alignment", whole, 0, 1, 0, nowhere},
                                         Placement{"as many pages as the type can count", whole, 0,
                                                   UINT64_MAX, 1, nowhere},
                                         Placement{"an alignment as large as the type can count",
                                                   whole, 1, 1, UINT64_MAX, nowhere},
                                         Placement{"both", whole, 1, UINT64_MAX, UINT64_MAX,
                                                   nowhere}));

// ---- From the top: the highest gap that will do, at its high end.

class PlacementFromTop : public testing::TestWithParam<Placement> {};

TEST_P(PlacementFromTop, IsTheOneWorkedOutByHand) {
    const Placement& row = GetParam();
    PageAllocator zone = zoneWith(row.gaps, row.firstPage);
    constexpr auto order = PageAllocator::Order::FromTop;
    EXPECT_EQ(zone.find(row.pages, row.alignment, order), row.expected);
    EXPECT_EQ(zone.allocate(row.pages, row.alignment, order), row.expected);
    EXPECT_EQ(zone.validate(), "");
}

INSTANTIATE_TEST_SUITE_P(
    Rows, PlacementFromTop,
    testing::Values(
        Placement{"one page goes to the zone's last", whole, 0, 1, 1, 63},
        Placement{"a zone can be taken whole", whole, 0, 64, 1, 0},
        Placement{"the highest gap wins over the best fitting", eightFourSix, 0, 4, 1, 34},
        Placement{"the next lower where it is too short", {{0, 8}, {16, 7}, {32, 6}}, 0, 7, 1, 16},
        Placement{"18 pages are free, but not 9 in one piece", eightFourSix, 0, 9, 1, nowhere},
        Placement{"nothing free", {}, 0, 1, 1, nowhere},
        Placement{"aligned downwards, which leaves a tail", {{10, 20}}, 0, 4, 8, 24},
        Placement{"alignment counts from the zone's address", {{10, 20}}, 3, 4, 8, 21},
        Placement{"the aligned range begins with the gap", {{8, 7}}, 0, 4, 8, 8},
        Placement{"no aligned page in the highest gap", {{0, 6}, {17, 6}}, 0, 4, 8, 0},
        Placement{"the aligned page lies before the gap", {{17, 6}}, 0, 1, 32, nowhere},
        Placement{"alignment beyond the zone start's own", whole, 16, 1, 128, nowhere},
        Placement{"no pages", whole, 0, 0, 1, nowhere},
        Placement{"no alignment", whole, 0, 1, 0, nowhere},
        Placement{"too many pages to count", whole, 1, UINT64_MAX, 2, nowhere}));

// ---- Ranges that somebody has already.

TEST(Placement, TakesExactlyTheRangeThatItIsTold) {
    PageAllocator zone(zonePages, 0x44000);
    EXPECT_TRUE(zone.take(8, 4)) << "in the middle";
    EXPECT_TRUE(zone.take(0, 8)) << "the whole gap before it";
    EXPECT_TRUE(zone.take(63, 1)) << "the end of the gap behind it";
    EXPECT_FALSE(zone.take(8, 1)) << "taken";
    EXPECT_FALSE(zone.take(11, 2)) << "half of it taken";
    EXPECT_FALSE(zone.take(60, 5)) << "beyond the end";
    EXPECT_FALSE(zone.take(20, 0)) << "nothing";
    EXPECT_EQ(zone.freePages(), 51u);
    EXPECT_EQ(zone.allocate(1), 12u) << "placement goes around what is taken";
    EXPECT_TRUE(zone.free(8, 4));
    EXPECT_EQ(zone.validate(), "");
}

TEST(Placement, RepeatsTheLayoutOfTheVendorsOwnReport) {
    // /proc/media-mem of a Hi3516: addresses and lengths in pages of 4 KiB from 0x44000000.
    PageAllocator zone(64 * 256, 0x44000);
    const std::vector<Gap> blocks = {{0x0, 8},   {0x8, 83},    {0x5B, 405}, {0x1F0, 53},
                                     {0x225, 1}, {0x226, 256}, {0x326, 256}};
    for (const Gap& block : blocks)
        EXPECT_EQ(zone.allocate(block.pages), block.first);
    EXPECT_EQ(zone.freePages() * 4, 61288u) << "KiB, as the report's `remain`";
}

TEST(Placement, LeavesTheHeadAndTheTailOfAnAlignedRangeFree) {
    PageAllocator zone(zonePages, 4);
    ASSERT_EQ(zone.allocate(8, 16), 12u);
    EXPECT_TRUE(zone.isFree(0, 12));
    EXPECT_TRUE(zone.isFree(20, 44));
    EXPECT_EQ(zone.freePages(), 56u);
    EXPECT_EQ(zone.largestGap(), 44u);
    EXPECT_EQ(zone.allocate(12), 0u) << "the head is a gap like any other";
    EXPECT_EQ(zone.validate(), "");
}

TEST(Placement, CountsAlignmentInAZoneAtTheEndOfTheAddressSpace) {
    // Absolute pages 2^64 - 66 to 2^64 - 2.
    PageAllocator zone(65, UINT64_MAX - 65);
    EXPECT_EQ(zone.find(1, 64), 2u);
    EXPECT_EQ(zone.find(1, 1ull << 63), nowhere) << "the next multiple is 2^64";
    EXPECT_EQ(zone.find(1, UINT64_MAX - 1), 64u);
    EXPECT_EQ(zone.find(1, UINT64_MAX), nowhere);
}

} // namespace
} // namespace mediaheap
