// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What comes back, what is refused, and how gaps join.
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pages/page_allocator.h"

namespace mediaheap {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::vector<std::pair<uint64_t, uint64_t>> gapsOf(const PageAllocator& zone) {
    std::vector<std::pair<uint64_t, uint64_t>> gaps;
    zone.forEachGap([&](uint64_t first, uint64_t pages) { gaps.emplace_back(first, pages); });
    return gaps;
}

/// A zone of 100 pages, all taken.
class FullZone : public testing::Test {
protected:
    FullZone() { EXPECT_EQ(zone.allocate(100), 0u); }
    ~FullZone() override { EXPECT_EQ(zone.validate(), ""); }

    PageAllocator zone{100};
};

TEST_F(FullZone, HasNoGap) {
    EXPECT_THAT(gapsOf(zone), IsEmpty());
    EXPECT_EQ(zone.freePages(), 0u);
    EXPECT_EQ(zone.largestGap(), 0u);
    EXPECT_EQ(zone.totalPages(), 100u);
}

TEST_F(FullZone, KeepsARangeFreedAmongUsedPagesApart) {
    EXPECT_TRUE(zone.free(10, 5));
    EXPECT_TRUE(zone.free(20, 5));
    EXPECT_THAT(gapsOf(zone), ElementsAre(Pair(10, 5), Pair(20, 5)));
}

TEST_F(FullZone, JoinsWithTheGapBefore) {
    EXPECT_TRUE(zone.free(10, 5));
    EXPECT_TRUE(zone.free(15, 3));
    EXPECT_THAT(gapsOf(zone), ElementsAre(Pair(10, 8)));
}

TEST_F(FullZone, JoinsWithTheGapAfter) {
    EXPECT_TRUE(zone.free(15, 3));
    EXPECT_TRUE(zone.free(10, 5));
    EXPECT_THAT(gapsOf(zone), ElementsAre(Pair(10, 8)));
}

TEST_F(FullZone, JoinsWithBothNeighbours) {
    EXPECT_TRUE(zone.free(10, 5));
    EXPECT_TRUE(zone.free(20, 5));
    EXPECT_TRUE(zone.free(15, 5));
    EXPECT_THAT(gapsOf(zone), ElementsAre(Pair(10, 15)));
    EXPECT_EQ(zone.largestGap(), 15u);
    EXPECT_EQ(zone.freePages(), 15u);
}

TEST_F(FullZone, JoinsAtItsFirstAndLastPage) {
    EXPECT_TRUE(zone.free(0, 1));
    EXPECT_TRUE(zone.free(99, 1));
    EXPECT_TRUE(zone.free(1, 98));
    EXPECT_THAT(gapsOf(zone), ElementsAre(Pair(0, 100)));
}

TEST_F(FullZone, PlacesInAJoinedGap) {
    EXPECT_TRUE(zone.free(10, 5));
    EXPECT_TRUE(zone.free(15, 5));
    EXPECT_EQ(zone.allocate(10), 10u);
    EXPECT_THAT(gapsOf(zone), IsEmpty());
}

TEST_F(FullZone, FindsALongerGapByItsLengthAfterJoining) {
    EXPECT_TRUE(zone.free(0, 4));
    EXPECT_TRUE(zone.free(50, 2));
    EXPECT_TRUE(zone.free(52, 1));
    EXPECT_EQ(zone.allocate(3), 50u) << "3 pages are an exact fit now";
    EXPECT_EQ(zone.allocate(3), 0u);
}

TEST_F(FullZone, TakesPartOfARangeBack) {
    EXPECT_TRUE(zone.free(40, 2));
    EXPECT_TRUE(zone.free(44, 2));
    EXPECT_EQ(zone.freePages(), 4u);
}

TEST_F(FullZone, RefusesWhatIsFreeAlready) {
    ASSERT_TRUE(zone.free(10, 10));
    const std::vector<std::pair<uint64_t, uint64_t>> doubles = {
        {10, 10}, // the same again
        {10, 1},  // its first page
        {19, 1},  // its last
        {12, 3},  // inside
        {5, 6},   // into it from below
        {19, 6},  // out of it
        {5, 30},  // around it
        {0, 100}, // everything
    };
    for (const auto& [first, pages] : doubles)
        EXPECT_FALSE(zone.free(first, pages)) << first << " + " << pages;
    EXPECT_THAT(gapsOf(zone), ElementsAre(Pair(10, 10)));
    EXPECT_EQ(zone.freePages(), 10u);
}

TEST_F(FullZone, RefusesWhatIsOutOfBounds) {
    const std::vector<std::pair<uint64_t, uint64_t>> outside = {
        {100, 1}, {99, 2}, {0, 101}, {1, UINT64_MAX}, {UINT64_MAX, 1}, {UINT64_MAX, UINT64_MAX},
        {50, 0},  {100, 0}};
    for (const auto& [first, pages] : outside) {
        EXPECT_FALSE(zone.free(first, pages)) << first << " + " << pages;
        EXPECT_FALSE(zone.isFree(first, pages)) << first << " + " << pages;
    }
    EXPECT_THAT(gapsOf(zone), IsEmpty());
}

TEST_F(FullZone, KnowsWhatIsFree) {
    ASSERT_TRUE(zone.free(10, 10));
    ASSERT_TRUE(zone.free(30, 5));
    const std::vector<std::tuple<uint64_t, uint64_t, bool>> ranges = {
        {10, 10, true}, {10, 1, true},  {19, 1, true},   {12, 8, true},  {30, 5, true},
        {9, 1, false},  {9, 2, false},  {20, 1, false},  {19, 2, false}, {10, 11, false},
        {29, 2, false}, {34, 2, false}, {10, 25, false}, {0, 1, false},  {99, 1, false},
    };
    for (const auto& [first, pages, expected] : ranges)
        EXPECT_EQ(zone.isFree(first, pages), expected) << first << " + " << pages;
}

TEST(EmptyZone, HoldsNothing) {
    PageAllocator zone(0);
    EXPECT_EQ(zone.allocate(1), std::nullopt);
    EXPECT_EQ(zone.largestGap(), 0u);
    EXPECT_FALSE(zone.free(0, 1));
    EXPECT_FALSE(zone.isFree(0, 1));
    EXPECT_EQ(zone.validate(), "");
}

TEST(LargestZone, IsPlacedInWithoutOverflow) {
    PageAllocator zone(UINT64_MAX);
    EXPECT_EQ(zone.allocate(1), 0u);
    EXPECT_EQ(zone.allocate(1, 1ull << 63), 1ull << 63);
    EXPECT_EQ(zone.largestGap(), (1ull << 63) - 1);
    EXPECT_TRUE(zone.free(1ull << 63, 1));
    EXPECT_TRUE(zone.free(0, 1));
    EXPECT_THAT(gapsOf(zone), ElementsAre(Pair(0, UINT64_MAX)));
    EXPECT_EQ(zone.allocate(UINT64_MAX), 0u);
    EXPECT_EQ(zone.validate(), "");
}

} // namespace
} // namespace mediaheap
