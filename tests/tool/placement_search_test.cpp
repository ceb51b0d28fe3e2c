// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sequences of modes whose every order can be followed on paper.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/placement_search.h"

namespace mediaheap::plan {
namespace {

using testing::ElementsAre;

/// Four blocks of 2 pages, then two of 4, in a zone of @p pages.
Sequence smallThenLarge(uint64_t pages, Release release) {
    Sequence sequence;
    sequence.zonePages = pages;
    sequence.classes = {{"small", 2, 4, 0}, {"large", 4, 2, 1}};
    sequence.modes = {{0}, {1}};
    sequence.order = {0, 1};
    sequence.release = release;
    return sequence;
}

TEST(PlacementSearch, ASequenceThatFreesFirstFitsWheneverEachModeDoes) {
    const SearchResult result = search(smallThenLarge(8, Release::First));
    EXPECT_TRUE(result.fits);
    EXPECT_TRUE(result.exhaustive);
}

TEST(PlacementSearch, ASequenceThatFreesOneItemAtOnceLeavesNoHoles) {
    EXPECT_TRUE(search(smallThenLarge(8, Release::Items)).fits);
}

TEST(PlacementSearch, BlocksThatComeBackInTheMiddleSplitAZoneThatIsLargeEnough) {
    // The small ones lie at 0, 2, 4 and 6. Once those at 2 and 4 are back a large one goes to 2,
    // and 0 and 6 are two pages each.
    const SearchResult result = search(smallThenLarge(8, Release::Blocks));
    ASSERT_FALSE(result.fits);
    ASSERT_TRUE(result.counterexample);
    const Counterexample& found = *result.counterexample;
    EXPECT_EQ(found.step, 1u);
    EXPECT_EQ(found.ofClass, 1u);
    EXPECT_EQ(found.freePages, 4u);
    EXPECT_EQ(found.largestGap, 2u);
    EXPECT_THAT(found.live, ElementsAre(Placed{1, 2}));
}

TEST(PlacementSearch, TheCounterexampleIsTheWholeOrder) {
    const Counterexample found = *search(smallThenLarge(8, Release::Blocks)).counterexample;
    unsigned allocated = 0;
    unsigned freed = 0;
    std::vector<size_t> begun;
    for (const Event& event : found.events) {
        allocated += event.kind == Event::Kind::Allocate ? 1 : 0;
        freed += event.kind == Event::Kind::Free ? 1 : 0;
        if (event.kind == Event::Kind::Mode)
            begun.push_back(event.step);
    }
    EXPECT_EQ(allocated, 5u);
    EXPECT_EQ(freed, 4u);
    EXPECT_THAT(begun, ElementsAre(0u, 1u));
}

TEST(PlacementSearch, TwiceTheRoomFitsInEveryOrder) {
    const SearchResult result = search(smallThenLarge(16, Release::Blocks));
    EXPECT_TRUE(result.fits);
    EXPECT_TRUE(result.exhaustive);
    EXPECT_FALSE(result.counterexample);
}

TEST(PlacementSearch, MemoryOfBothModesStaysWhereItIs) {
    // `kept` lies between the two that go: 0 and 3. Two pages in one piece there never are.
    Sequence sequence;
    sequence.zonePages = 4;
    sequence.classes = {
        {"before", 1, 1, 0}, {"kept", 2, 1, 1}, {"after", 1, 1, 2}, {"new", 2, 1, 3}};
    sequence.modes = {{0, 1, 2}, {1, 3}};
    sequence.order = {0, 1};
    sequence.release = Release::First;
    const SearchResult result = search(sequence);
    ASSERT_TRUE(result.counterexample);
    EXPECT_THAT(result.counterexample->live, ElementsAre(Placed{1, 1}));
    EXPECT_EQ(result.counterexample->freePages, 2u);
    EXPECT_EQ(result.counterexample->largestGap, 1u);
}

TEST(PlacementSearch, AZoneThatIsTooSmallForAModeSaysWhatHadNoPlace) {
    const SearchResult result = search(smallThenLarge(7, Release::First));
    ASSERT_TRUE(result.counterexample);
    EXPECT_EQ(result.counterexample->step, 0u);
    EXPECT_EQ(result.counterexample->ofClass, 0u);
    EXPECT_THAT(result.counterexample->live, ElementsAre(Placed{0, 0}, Placed{0, 2}, Placed{0, 4}));
}

TEST(PlacementSearch, OrdersThatLeadToTheSameAreOneState) {
    Sequence sequence;
    sequence.zonePages = 4;
    sequence.classes = {{"block", 1, 2, 0}};
    sequence.modes = {{0}, {}};
    sequence.order = {0, 1};
    // Nothing, one, both; then one of the two.
    EXPECT_EQ(search(sequence).states, 5u);
}

TEST(PlacementSearch, NothingAtAllFitsAnything) {
    Sequence nothing;
    EXPECT_TRUE(search(nothing).fits);
    nothing.modes = {{}};
    nothing.order = {0, 0};
    EXPECT_TRUE(search(nothing).fits);
}

TEST(PlacementSearch, WhatIsTooMuchToLookAtIsSampledAndSaysSo) {
    SearchLimits limits;
    limits.states = 3;
    limits.samples = 100;
    const SearchResult roomy = search(smallThenLarge(16, Release::Blocks), limits);
    EXPECT_TRUE(roomy.fits);
    EXPECT_FALSE(roomy.exhaustive);
    EXPECT_EQ(roomy.samples, 100u);
    EXPECT_EQ(roomy.seed, limits.seed);

    const SearchResult tight = search(smallThenLarge(8, Release::Blocks), limits);
    EXPECT_FALSE(tight.fits);
    EXPECT_FALSE(tight.exhaustive);
    ASSERT_TRUE(tight.counterexample) << "one order in three fails";
    EXPECT_EQ(tight.counterexample->largestGap, 2u);
    const SearchResult again = search(smallThenLarge(8, Release::Blocks), limits);
    EXPECT_EQ(again.samples, tight.samples) << "the same seed draws the same orders";
}

TEST(PlacementSearch, SaysHowFarItIs) {
    Sequence sequence;
    sequence.zonePages = 64;
    sequence.classes = {{"old", 1, 12, 0}, {"new", 1, 1, 1}};
    sequence.modes = {{0}, {1}};
    sequence.order = {0, 1};
    SearchLimits limits;
    uint64_t last = 0;
    limits.progress = [&](uint64_t done, bool sampling) {
        EXPECT_FALSE(sampling);
        EXPECT_GT(done, last);
        last = done;
    };
    EXPECT_GT(search(sequence, limits).states, 1u << 12);
    EXPECT_GT(last, 0u);
}

TEST(PlacementSearch, TheLargestModeIsTheLeastThatAZoneCanBe) {
    Sequence sequence = smallThenLarge(8, Release::First);
    EXPECT_EQ(pagesOfLargestMode(sequence), 8u);
    sequence.classes[0].count = 5;
    EXPECT_EQ(pagesOfLargestMode(sequence), 10u);
    sequence.order = {1};
    EXPECT_EQ(pagesOfLargestMode(sequence), 8u);
}

} // namespace
} // namespace mediaheap::plan
