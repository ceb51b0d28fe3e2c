// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The selftest's own judgement: which steps a failure leaves out, and whose memory a refusal names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "selftest/course.h"
#include "selftest/refusal.h"

namespace mediaheap::tool {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Leg leg(const std::string& name, const std::vector<std::string>& needs, Step step) {
    return {{name}, needs, [step = std::move(step)] { return std::vector<Step>{step}; }};
}

Verdict take(const std::vector<Leg>& legs) {
    Verdict verdict;
    takeLegs(legs, verdict, [](const std::string&) {});
    return verdict;
}

/// Mapping fails, which one step needs itself and another by way of it.
std::vector<Leg> withoutMapping(Step mapping) {
    return {leg("allocate", {}, Step::ok("allocate", "fine")),
            leg("map", {"allocate"}, std::move(mapping)),
            leg("export", {"allocate", "map"}, Step::ok("export", "fine")),
            leg("exhaust", {"allocate"}, Step::ok("exhaust", "fine")),
            leg("speed", {"allocate", "map"}, Step::ok("speed", "fine"))};
}

TEST(Selftest, WhatNeedsAFailedStepIsNotTriedAndTheRestIs) {
    const Verdict verdict = take(withoutMapping(Step::failed("map", "mmap: not permitted")));
    ASSERT_EQ(verdict.steps.size(), 5u);
    EXPECT_EQ(verdict.steps[2].outcome, Step::Outcome::NotTried);
    EXPECT_EQ(verdict.steps[2].needs, "map");
    EXPECT_EQ(verdict.steps[3].outcome, Step::Outcome::Ok);
    EXPECT_EQ(verdict.steps[4].outcome, Step::Outcome::NotTried);
}

TEST(Selftest, TheCauseIsToldOnceAndTheVerdictCountsTheUntriedApart) {
    const std::string page = take(withoutMapping(Step::failed("map", "not permitted"))).asText();
    EXPECT_EQ(page.find("not permitted"), page.rfind("not permitted"));
    EXPECT_THAT(page, HasSubstr("\nnot tried     export, speed: 'map' failed\n"));
    EXPECT_THAT(page, HasSubstr("Verdict: 2 ok, 1 failed, 0 not possible here, 2 not tried\n"));
}

TEST(Selftest, InJsonAnUntriedStepNamesTheOneThatItNeeds) {
    const std::string json = take(withoutMapping(Step::failed("map", "not permitted"))).asJson();
    EXPECT_THAT(json, AllOf(HasSubstr("\"outcome\": \"not tried\""),
                            HasSubstr("\"needs\": \"map\""), HasSubstr("\"not_tried\": 2")));
    EXPECT_EQ(json.find("not permitted"), json.rfind("not permitted"));
}

TEST(Selftest, WhatIsNotPossibleOrABlemishStopsNothing) {
    for (const Step& step : {Step::notPossible("map", "no"), Step::blemished("map", "dirty")}) {
        const Verdict verdict = take(withoutMapping(step));
        EXPECT_EQ(verdict.count(Step::Outcome::NotTried), 0u);
        EXPECT_EQ(verdict.count(Step::Outcome::Ok), 4u);
    }
}

TEST(Selftest, OfSeveralFailuresTheFirstIsToBlame) {
    const Verdict verdict = take({leg("open", {}, Step::failed("open", "no such node")),
                                  leg("map", {"open"}, Step::ok("map", "")),
                                  leg("sync", {"open", "map"}, Step::ok("sync", ""))});
    EXPECT_EQ(verdict.steps[2].needs, "open");
}

TEST(Selftest, AStepThatIsNotTriedIsNotBegun) {
    std::vector<std::string> begun;
    Verdict verdict;
    takeLegs(withoutMapping(Step::failed("map", "no")), verdict,
             [&](const std::string& name) { begun.push_back(name); });
    EXPECT_THAT(begun, ElementsAre("allocate", "map", "exhaust"));
}

TEST(Selftest, ARefusalHasToNameTheBlocksThatTheStepHas) {
    const std::string ours = "selftest-exhaust-17";
    EXPECT_TRUE(namesHolder("in use: 'selftest-exhaust-17' 1024 KiB in 8 blocks; open", ours, 8));
    EXPECT_TRUE(namesHolder(
        "in use: 'sys' 9 KiB in 1 block, 'selftest-exhaust-17' 4 KiB in 1 block", ours, 1));
    EXPECT_FALSE(namesHolder("in use: 'x' 1024 KiB in 8 blocks; open", ours, 8));
    EXPECT_FALSE(namesHolder("in use: 'selftest-exhaust' 1024 KiB in 8 blocks", ours, 8));
    EXPECT_FALSE(namesHolder("in use: 'selftest-exhaust-17' 1024 KiB in 9 blocks", ours, 8))
        << "somebody else's too";
    EXPECT_FALSE(namesHolder("in use: 'selftest-exhaust-17' 1024 KiB in 1 blocks", ours, 1));
    EXPECT_FALSE(namesHolder("in use: 'selftest-exhaust-17' 1024 KiB in 80 blocks", ours, 8));
}

TEST(Selftest, AZoneOrAHeapOfTheNameIsNoHolder) {
    const std::string ours = "selftest-exhaust-17";
    EXPECT_FALSE(namesHolder("heap 'memfd,zone=selftest-exhaust-17': zone 'selftest-exhaust-17' "
                             "has 0 KiB of 4096 KiB free; in use: 'x' 4096 KiB in 8 blocks",
                             ours, 8));
    EXPECT_TRUE(namesHolder("zone 'selftest-exhaust-17' has 0 KiB of 4096 KiB free; in use: "
                            "'selftest-exhaust-17' 4096 KiB in 8 blocks",
                            ours, 8));
    EXPECT_FALSE(namesHolder("'selftest-exhaust-17' ", ours, 8));
}

TEST(Selftest, ARefusalThatLeavesHoldersOutIsKnown) {
    EXPECT_TRUE(leavesHoldersOut("in use: 'x' 4 KiB in 1 block, and 2 more names; open"));
    EXPECT_FALSE(leavesHoldersOut("in use: 'x' 4 KiB in 1 block; open"));
}

} // namespace
} // namespace mediaheap::tool
