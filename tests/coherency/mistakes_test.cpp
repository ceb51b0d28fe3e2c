// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Every mistake of the list is reported, whatever the caches evict, and the same program without it
// never is.
#include "mistakes.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "captured_log.h"
#include "heap_test.h"

namespace mediaheap {
namespace {

using simulated::Violation;
using simulated::ViolationKind;
using test::CapturedLog;
using test::Finding;
using test::HeapTest;
using test::KernelOverride;
using test::Mistake;
using test::mistakes;
using test::Stage;
using test::SyncKernel;

constexpr unsigned seeds = 100;

class MistakeTest : public HeapTest, public testing::WithParamInterface<Mistake> {
protected:
    struct Outcome {
        std::vector<Violation> violations;
        uint64_t counted = 0;
        uint64_t wrongReads = 0;
    };

    Outcome play(unsigned seed, bool mistaken) {
        SyncKernel syncs{faults};
        const KernelOverride override{syncs};
        const std::string heap =
            "simulated,size=1M,line=64,evict=" + std::to_string(seed) + GetParam().keys;
        Stage stage(heap, syncs, mistaken);
        GetParam().program(stage);
        stage.finish();
        return {stage.heap()->takeViolations(), stage.heap()->stats().violations,
                stage.wrongReads()};
    }

    static std::string textOf(const std::vector<Violation>& violations) {
        std::string text;
        for (const Violation& violation : violations)
            text += violation.summary() + "\n";
        return text.empty() ? "nothing" : text;
    }

    /// The lines that reports of one kind name, as one text: `StaleRead of frame: 2 3 4`.
    using Lines = std::map<std::pair<ViolationKind, std::string>, std::set<uint64_t>>;

    static Lines linesOf(const std::vector<Violation>& violations) {
        Lines lines;
        for (const Violation& violation : violations) {
            EXPECT_EQ(violation.offset % Stage::line, 0u);
            EXPECT_EQ(violation.size % Stage::line, 0u);
            for (uint64_t at = violation.offset; at < violation.offset + violation.size;
                 at += Stage::line)
                lines[{violation.kind, violation.block}].insert(at / Stage::line);
        }
        return lines;
    }

    static Lines linesOf(const std::vector<Finding>& findings) {
        Lines lines;
        for (const Finding& finding : findings) {
            for (uint64_t n = 0; n < finding.lines; ++n)
                lines[{finding.kind, finding.block}].insert(finding.line + n);
        }
        return lines;
    }

    /// What a report of @p finding must say beside its lines.
    static void check(const Violation& violation, const Finding& finding) {
        EXPECT_TRUE(violation.cpu.sequence != 0 || !finding.named);
        EXPECT_EQ(Stage::isOffender(violation.cpu.backtrace), finding.named);
        switch (finding.order) {
        case Finding::Order::CpuFirst:
            EXPECT_LT(violation.cpu.sequence, violation.device.sequence);
            break;
        case Finding::Order::DeviceFirst:
            EXPECT_GT(violation.cpu.sequence, violation.device.sequence);
            break;
        case Finding::Order::NoDevice:
            break;
        }
        const bool device = finding.order != Finding::Order::NoDevice;
        EXPECT_EQ(violation.device.sequence != 0, device);
        EXPECT_EQ(violation.deviceId != 0, device);
        EXPECT_EQ(violation.device.who.empty(), !device);
        EXPECT_NE(violation.summary().find(violation.block), std::string::npos);
    }
};

TEST_P(MistakeTest, IsReportedWhateverTheCachesEvict) {
    const CapturedLog log;
    for (unsigned seed = 1; seed <= seeds; ++seed) {
        const Outcome outcome = play(seed, true);
        SCOPED_TRACE("seed " + std::to_string(seed) + "; reported:\n" + textOf(outcome.violations));
        EXPECT_EQ(outcome.counted, outcome.violations.size());
        EXPECT_TRUE(linesOf(outcome.violations) == linesOf(GetParam().findings));
        for (const Violation& violation : outcome.violations) {
            const auto& findings = GetParam().findings;
            const auto finding =
                std::find_if(findings.begin(), findings.end(), [&](const Finding& one) {
                    return one.kind == violation.kind && one.block == violation.block;
                });
            if (finding != findings.end())
                check(violation, *finding);
        }
        if (HasFailure())
            break;
    }
}

TEST_P(MistakeTest, IsNotReportedOnceItIsMended) {
    const CapturedLog log;
    for (unsigned seed = 1; seed <= seeds; ++seed) {
        const Outcome outcome = play(seed, false);
        EXPECT_EQ(outcome.counted, 0u) << "seed " << seed << ":\n" << textOf(outcome.violations);
        EXPECT_EQ(outcome.wrongReads, 0u) << "seed " << seed;
        EXPECT_EQ(log.text(), "");
        if (HasFailure())
            break;
    }
}

INSTANTIATE_TEST_SUITE_P(All, MistakeTest, testing::ValuesIn(mistakes()), [](const auto& row) {
    std::string name;
    for (const char c : std::string(row.param.name)) {
        const bool letter = std::isalnum(static_cast<unsigned char>(c));
        if (letter || (c == ' ' && !name.empty()))
            name += letter ? c : '_';
    }
    return name;
});

TEST(MistakeList, HasNoNameTwiceAndEveryKind) {
    std::set<std::string> names;
    std::set<ViolationKind> kinds;
    for (const Mistake& mistake : mistakes()) {
        EXPECT_TRUE(names.insert(mistake.name).second) << mistake.name;
        EXPECT_FALSE(mistake.findings.empty()) << mistake.name;
        for (const Finding& finding : mistake.findings)
            kinds.insert(finding.kind);
    }
    EXPECT_GE(names.size(), 24u);
    EXPECT_EQ(kinds.size(), 9u) << "a kind that no mistake of the list comes to";
}

// ---- What the mistakes do to data.

class StaleDataTest : public HeapTest {
protected:
    StaleDataTest() : override_(syncs) {}

    /// On how many seeds the program's readers get wrong data.
    unsigned seedsWithWrongData(const char* name) {
        const std::vector<Mistake> all = mistakes();
        const auto mistake = std::find_if(all.begin(), all.end(), [name](const Mistake& one) {
            return std::string(one.name) == name;
        });
        EXPECT_NE(mistake, all.end()) << name;
        unsigned wrong = 0;
        for (unsigned seed = 1; mistake != all.end() && seed <= seeds; ++seed) {
            Stage stage("simulated,size=1M,line=64,evict=" + std::to_string(seed) + mistake->keys,
                        syncs, true);
            mistake->program(stage);
            wrong += stage.wrongReads() > 0 ? 1 : 0;
        }
        return wrong;
    }

    SyncKernel syncs{faults};

private:
    const KernelOverride override_;
    const CapturedLog log_;
};

TEST_F(StaleDataTest, ABufferWithoutItsFlushShowsTheHardwareOldData) {
    EXPECT_EQ(seedsWithWrongData(
                  "a cached buffer that stays mapped goes to the hardware without its flush"),
              seeds);
}

TEST_F(StaleDataTest, AMissingStartShowsTheCpuOldDataUnlessTheCacheHappensToRefetch) {
    const unsigned wrong =
        seedsWithWrongData("a frame from the camera is read though its START is missing");
    EXPECT_GT(wrong, seeds / 2);
}

TEST_F(StaleDataTest, AMissingWriteShowsOnSomeSeedsAndOnOthersWorksByLuck) {
    const unsigned wrong =
        seedsWithWrongData("the source of a device's copy was written without any access");
    EXPECT_GT(wrong, 0u);
    EXPECT_LT(wrong, seeds) << "evictions never bring the data to the device early";
}

} // namespace
} // namespace mediaheap
