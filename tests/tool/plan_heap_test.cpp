// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Heaps whose size the plan file gives: what a plan makes of one that is too small, and says of it.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/checked.h"
#include "must.h"
#include "plan/plan.h"
#include "plan_output.h"

namespace mediaheap::plan {
namespace {

using test::must;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr uint64_t mib = uint64_t{1} << 20;

Plan workOut(const std::string& text, const SearchLimits& limits = {}) {
    return must(plan::workOut(must(parsePlan(text, "board.plan")), 4096, limits));
}

std::string pageOf(const Plan& plan) {
    return tool::planHeadAsText(plan) + tool::planSearchAsText(plan);
}

/// Four blocks of 2 MiB, then two of 4 MiB: an 8 MiB heap holds either, and one order in three
/// leaves the second without room.
std::string smallThenLarge(const std::string& heap) {
    return "[plan]\nheap=" + heap +
           "\n[other small]\nbytes=2M\ncount=4\nfrom=heap\n"
           "[other large]\nbytes=4M\ncount=2\nfrom=heap\n"
           "[mode one]\nitems=small\n[mode two]\nitems=large\n";
}

TEST(PlannedHeaps, OneOfTheFilesOwnSizeThatFitsIsThePlans) {
    const Plan plan = workOut(smallThenLarge("18M"));
    EXPECT_TRUE(plan.fits());
    EXPECT_EQ(plan.heap, 18 * mib);
    EXPECT_EQ(plan.cma, 20 * mib) << "18 MiB and a tenth";
    EXPECT_EQ(plan.triedUpTo, 0u);
    EXPECT_TRUE(workOut("[plan]\nheap=13K\n[other a]\nbytes=4K\ncount=4\nfrom=heap\n").fits())
        << "rounded up to pages";
}

TEST(PlannedHeaps, OneThatIsTooSmallForTheSequenceIsAnsweredWithOneThatFits) {
    const Plan plan = workOut(smallThenLarge("8M"));
    EXPECT_FALSE(plan.fits());
    EXPECT_TRUE(plan.tooLarge.empty());
    ASSERT_TRUE(plan.tightResult);
    EXPECT_TRUE(plan.tightResult->counterexample);
    EXPECT_EQ(plan.tightSequence.zonePages * plan.page, 8 * mib);
    EXPECT_TRUE(plan.result.fits);
    EXPECT_TRUE(plan.result.exhaustive);
    EXPECT_GT(plan.heap, 8 * mib);
    EXPECT_EQ(plan.heap % (4 * mib), 0u);
    // The same judgement of the sizes themselves: the one before does not fit, this one does.
    EXPECT_TRUE(workOut(smallThenLarge(std::to_string(plan.heap))).fits());
    EXPECT_FALSE(workOut(smallThenLarge(std::to_string(plan.heap - 4 * mib))).fits());
    EXPECT_EQ(plan.cma, *roundUp(plan.heap + plan.margin, 4 * mib)) << "of the heap that fits";
}

TEST(PlannedHeaps, TheNextSizeIsAWholeMultipleEvenFromOneThatIsNone) {
    EXPECT_EQ(workOut(smallThenLarge("9M")).heap % (4 * mib), 0u);
}

TEST(PlannedHeaps, AModeThatNeedsMoreThanAllOfItIsToldWithoutASearch) {
    SearchLimits limits;
    uint64_t looked = 0;
    limits.progress = [&](uint64_t, bool) { looked++; };
    limits.sizes = 0;
    const Plan plan = workOut(smallThenLarge("4M"), limits);
    ASSERT_EQ(plan.tooLarge.size(), 2u);
    EXPECT_EQ(plan.tooLarge[0].mode, "one");
    EXPECT_EQ(plan.tooLarge[0].bytes, 8 * mib);
    EXPECT_EQ(plan.result.states, 0u);
    EXPECT_EQ(looked, 0u);
    EXPECT_FALSE(plan.fits());
}

TEST(PlannedHeaps, AModeThatNeedsMoreThanAllOfItIsAnsweredWithAHeapThatFits) {
    const Plan plan = workOut(smallThenLarge("4M"));
    EXPECT_FALSE(plan.fits());
    EXPECT_FALSE(plan.tightResult) << "the file's heap was not searched";
    EXPECT_TRUE(plan.result.fits);
    EXPECT_EQ(plan.heap, workOut(smallThenLarge("8M")).heap);
    ASSERT_TRUE(plan.cma);
    EXPECT_GE(*plan.cma, plan.heap);
}

TEST(PlannedHeaps, AModeTwiceInTheSequenceIsToldOnce) {
    const Plan plan = workOut("[plan]\nheap=4K\n[other a]\nbytes=8K\nfrom=heap\n[mode a]\nitems=a\n"
                              "[sequence]\nmodes=a,a\n");
    EXPECT_EQ(plan.tooLarge.size(), 1u);
}

TEST(PlannedHeaps, WhatIsTooSmallIsSaidInThePartThatNeedsNoSearch) {
    const Plan before = must(addUp(must(parsePlan(smallThenLarge("4M"), "board.plan")), 4096));
    EXPECT_THAT(tool::planHeadAsText(before),
                HasSubstr("too small: mode one by itself needs 8388608 bytes"));
    const Plan roomy = must(addUp(must(parsePlan(smallThenLarge("8M"), "board.plan")), 4096));
    EXPECT_THAT(tool::planHeadAsText(roomy), Not(HasSubstr("too small")));
}

TEST(PlannedHeaps, TheReservationIsThatOfTheHeapThatFitsAndTheBoundIsStated) {
    const Plan plan = workOut(smallThenLarge("8M"));
    const std::string mebibytes = std::to_string(plan.heap / mib);
    EXPECT_THAT(pageOf(plan),
                AllOf(HasSubstr("Heap given    8388608 bytes"), HasSubstr("Heap needed   "),
                      HasSubstr("4 MiB apart, 36 MiB at most"),
                      HasSubstr("boot with cma=" + std::to_string(*plan.cma / mib) +
                                "M, for a heap of " + mebibytes + "M"),
                      Not(HasSubstr("not proved"))));
}

TEST(PlannedHeaps, AHeapThatWasFoundBySamplingSaysSo) {
    SearchLimits limits;
    limits.states = 3;
    limits.samples = 50;
    const Plan plan = workOut(smallThenLarge("8M"), limits);
    ASSERT_TRUE(plan.result.fits);
    EXPECT_FALSE(plan.result.exhaustive);
    EXPECT_THAT(pageOf(plan),
                HasSubstr("found by sampling, not proved: 50 orders drawn at random fit"));
}

TEST(PlannedHeaps, WhereNoneWithinTheBoundFitsNoReservationIsGiven) {
    SearchLimits limits;
    limits.sizes = 0;
    for (const char* heap : {"8M", "4M"}) {
        const Plan plan = workOut(smallThenLarge(heap), limits);
        EXPECT_FALSE(plan.cma);
        EXPECT_FALSE(plan.fits());
        EXPECT_THAT(pageOf(plan), AllOf(HasSubstr("none found: no larger heap was tried"),
                                        Not(HasSubstr("boot with"))));
    }
}

TEST(PlannedHeaps, WhereSizesWereTriedInVainTheyAreNamed) {
    // With the sixth to the eleventh back, one of 6 MiB lies in the middle of 16 MiB.
    SearchLimits limits;
    limits.sizes = 1;
    const Plan plan = workOut("[plan]\nheap=12M\n[other small]\nbytes=1M\ncount=12\nfrom=heap\n"
                              "[other large]\nbytes=6M\ncount=2\nfrom=heap\n"
                              "[mode one]\nitems=small\n[mode two]\nitems=large\n",
                              limits);
    EXPECT_EQ(plan.triedUpTo, 16 * mib);
    EXPECT_FALSE(plan.cma);
    EXPECT_THAT(pageOf(plan), HasSubstr("none found: the sequence fits none of the larger sizes "
                                        "tried, "));
}

TEST(PlannedHeaps, TheSearchEndsAtItsBound) {
    SearchLimits limits;
    limits.sizes = 2;
    const Plan plan = workOut(smallThenLarge("8M"), limits);
    EXPECT_EQ(plan.triedBound, 36 * mib) << "four times what is more than 8 MiB";
    EXPECT_GE(plan.triedApart, 12 * mib) << "two sizes reach it";
    EXPECT_LE(plan.triedUpTo, plan.triedBound);
}

TEST(PlannedHeaps, WhereNothingIsInTheHeapThereIsNoSequenceToTellOf) {
    const Plan plan = workOut("[audio]\n[mode a]\nitems=audio\n");
    EXPECT_TRUE(plan.fits());
    EXPECT_FALSE(plan.hasBlocks());
    EXPECT_THAT(pageOf(plan), AllOf(HasSubstr("boot with cma=4M"), Not(HasSubstr("Sequence"))));
}

} // namespace
} // namespace mediaheap::plan
