// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A hundred random programs of CPU and devices that get every sync right, beside a machine whose
// caches are coherent: the data is the same, and nothing is reported. Then each sync of each
// program is left out, and turned around, one at a time: whatever changes data that anybody sees is
// reported.
#include "coherency_program.h"

#include <cstdint>
#include <iostream>
#include <iterator>
#include <linux/dma-buf.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "captured_log.h"
#include "kernel_override.h"
#include "leak_check.h"
#include "sync_kernel.h"

namespace mediaheap {
namespace {

using test::KernelOverride;
using test::LeakCheck;
using test::Program;
using test::ProgramWriter;
using test::Rehearsal;
using test::SyncKernel;

constexpr uint64_t programs = 100;

/// The programs whose syncs are changed. What the caches say to a change is the same under a
/// sanitizer, and ten thousand runs there would take minutes; its own findings need few.
#ifdef MEDIAHEAP_TEST_SANITIZED
constexpr uint64_t changedPrograms = 25;
#else
constexpr uint64_t changedPrograms = programs;
#endif

class CoherencyProperty : public testing::Test {
protected:
    ~CoherencyProperty() override { EXPECT_EQ(leaks.difference(), ""); }

    struct Outcome {
        uint64_t wrongReads;
        uint64_t violations;
        Stats stats;
    };

    static Program programOf(uint64_t number, uint64_t line) {
        return ProgramWriter(number, Kernel::system().pageSize(), line).write();
    }

    static Outcome run(const Program& program, uint64_t line, uint64_t evict, SyncKernel& syncs) {
        const KernelOverride override(syncs);
        Rehearsal rehearsal("simulated,size=1M,line=" + std::to_string(line) +
                            ",evict=" + std::to_string(evict));
        play(program, rehearsal);
        const Stats stats = rehearsal.heap()->stats();
        return {rehearsal.wrongReads(), stats.violations, stats};
    }

    const LeakCheck leaks;
};

TEST_F(CoherencyProperty, ACorrectProgramSeesTheDataOfACoherentMachineAndIsNotReported) {
    uint64_t steps = 0;
    uint64_t recycled = 0;
    for (uint64_t number = 0; number < programs; ++number) {
        const uint64_t lines[] = {64, 64, 16, 32, 128, 256};
        const uint64_t line = lines[number % std::size(lines)];
        const Program program = programOf(number, line);
        steps += program.size();
        for (const uint64_t evict : {uint64_t{0}, uint64_t{1}, number + 2}) {
            SyncKernel syncs(Kernel::system());
            const Outcome outcome = run(program, line, evict, syncs);
            EXPECT_EQ(syncs.syncs().size(), outcome.stats.syncs);
            recycled += outcome.stats.recycled;
            const std::string told = "program " + std::to_string(number) +
                                     ", line=" + std::to_string(line) +
                                     ", evict=" + std::to_string(evict);
            ASSERT_EQ(outcome.wrongReads, 0u) << told << "\n" << describe(program);
            ASSERT_EQ(outcome.violations, 0u) << told << "\n" << describe(program);
        }
    }
    EXPECT_GT(steps, 50 * programs);
    EXPECT_GT(recycled, programs / 2) << "the programs never came to recycled memory";
}

/// How a sync is changed.
struct Change {
    bool dropped;
    uint64_t direction; ///< otherwise

    std::string text() const {
        if (dropped)
            return "is left out";
        return direction == DMA_BUF_SYNC_READ ? "is for reading" : "is for writing";
    }
};

std::vector<Change> changesOf(uint64_t flags) {
    std::vector<Change> changes = {{true, 0}};
    for (const uint64_t direction : {DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE}) {
        if ((flags & DMA_BUF_SYNC_RW) != direction)
            changes.push_back({false, direction});
    }
    return changes;
}

TEST_F(CoherencyProperty, EveryChangeOfASyncThatAltersDataIsReported) {
    const test::CapturedLog quiet;
    uint64_t changes = 0;
    uint64_t altered = 0;
    uint64_t reported = 0;
    for (uint64_t number = 0; number < changedPrograms; ++number) {
        const Program program = programOf(number, 64);
        SyncKernel undisturbed(Kernel::system());
        run(program, 64, number, undisturbed);
        const std::vector<uint64_t> flags = undisturbed.syncs();
        for (uint64_t ordinal = 1; ordinal <= flags.size(); ++ordinal) {
            for (const Change& change : changesOf(flags[ordinal - 1])) {
                SyncKernel syncs(Kernel::system());
                if (change.dropped)
                    syncs.drop(ordinal);
                else
                    syncs.turn(ordinal, change.direction);
                const Outcome outcome = run(program, 64, number, syncs);
                ++changes;
                altered += outcome.wrongReads > 0 ? 1 : 0;
                reported += outcome.violations > 0 ? 1 : 0;
                if (outcome.wrongReads > 0 && outcome.violations == 0)
                    ADD_FAILURE() << "program " << number << ": sync " << ordinal << " (flags "
                                  << flags[ordinal - 1] << ") " << change.text()
                                  << ", which nobody reports\n"
                                  << describe(program);
            }
        }
        if (HasFailure())
            break;
    }
    std::cout << changes << " changes, of which " << altered << " altered data and " << reported
              << " were reported\n";
    EXPECT_GT(changes, 60 * changedPrograms);
    EXPECT_GT(altered, 5 * changedPrograms) << "the programs do not depend on their syncs";
    EXPECT_LT(altered, reported) << "some mistakes are made without harm";
    EXPECT_LT(reported, changes) << "everything is reported";
}

} // namespace
} // namespace mediaheap
