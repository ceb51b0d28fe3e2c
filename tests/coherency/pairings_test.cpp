// SPDX-License-Identifier: LGPL-2.1-or-later
//
// CPU and device, one after the other and one beside the other, each reading and writing: with the
// right syncs every pairing has the data of a coherent machine and nothing to report.
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "captured_log.h"
#include "heap_test.h"
#include "rehearsal.h"

namespace mediaheap {
namespace {

using test::CapturedLog;
using test::HeapTest;
using test::Part;
using test::Rehearsal;
using Kind = simulated::Operation::Kind;

constexpr uint64_t line = 64;

enum class Party { CpuReads, CpuWrites, CpuDoesBoth, DeviceReads, DeviceWrites };

constexpr Party parties[] = {Party::CpuReads, Party::CpuWrites, Party::CpuDoesBoth,
                             Party::DeviceReads, Party::DeviceWrites};

const char* nameOf(Party party) {
    switch (party) {
    case Party::CpuReads:
        return "CpuReads";
    case Party::CpuWrites:
        return "CpuWrites";
    case Party::CpuDoesBoth:
        return "CpuDoesBoth";
    case Party::DeviceReads:
        return "DeviceReads";
    case Party::DeviceWrites:
        return "DeviceWrites";
    }
    return "";
}

bool isCpu(Party party) { return party != Party::DeviceReads && party != Party::DeviceWrites; }

Access accessOf(Party party) {
    if (party == Party::CpuReads)
        return Access::Read;
    return party == Party::CpuWrites ? Access::Write : Access::ReadWrite;
}

/// Opens once and lets everybody pass from then on.
class Gate {
public:
    void open() {
        const std::lock_guard<std::mutex> lock(mutex_);
        isOpen_ = true;
        changed_.notify_all();
    }
    void pass() {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return isOpen_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool isOpen_ = false;
};

class PairingTest : public HeapTest,
                    public testing::WithParamInterface<std::tuple<Party, Party, unsigned>> {
protected:
    PairingTest() { frame = rehearsal.allocate(4 * page, "frame"); }
    ~PairingTest() override {
        rehearsal.readAll();
        EXPECT_EQ(rehearsal.wrongReads(), 0u);
        EXPECT_EQ(rehearsal.heap()->stats().violations, 0u);
        EXPECT_EQ(log.text(), "");
    }

    Part lines(uint64_t at, uint64_t count) const { return {frame, at * line, count * line}; }

    void open(Party party, Part part) {
        if (isCpu(party))
            rehearsal.begin(part, accessOf(party));
    }
    void close(Party party, Part part) {
        if (isCpu(party))
            rehearsal.end(part.block);
    }
    /// What the party does between the two.
    void touch(Party party, Part part) {
        switch (party) {
        case Party::CpuReads:
            rehearsal.cpuRead(part);
            break;
        case Party::CpuWrites:
            rehearsal.cpuWrite(part);
            break;
        case Party::CpuDoesBoth:
            rehearsal.cpuRead(part);
            rehearsal.cpuWrite({part.block, part.offset, part.size / 2});
            rehearsal.cpuRead(part);
            break;
        case Party::DeviceReads:
            rehearsal.deviceRead(part);
            break;
        case Party::DeviceWrites:
            rehearsal.deviceWrite(part);
            break;
        }
    }
    void act(Party party, Part part) {
        open(party, part);
        touch(party, part);
        close(party, part);
    }

    const Party first = std::get<0>(GetParam());
    const Party second = std::get<1>(GetParam());
    const CapturedLog log;
    Rehearsal rehearsal{"simulated,size=1M,line=64,evict=" +
                        std::to_string(std::get<2>(GetParam()))};
    size_t frame = 0;
};

INSTANTIATE_TEST_SUITE_P(Parties, PairingTest,
                         testing::Combine(testing::ValuesIn(parties), testing::ValuesIn(parties),
                                          testing::Values(0u, 1u, 7u)),
                         [](const auto& row) {
                             return std::string(nameOf(std::get<0>(row.param))) + "Then" +
                                    nameOf(std::get<1>(row.param)) + "Evict" +
                                    std::to_string(std::get<2>(row.param));
                         });

TEST_P(PairingTest, OneAfterTheOther) {
    for (int round = 0; round < 4; ++round) {
        act(first, rehearsal.whole(frame));
        act(second, rehearsal.whole(frame));
    }
}

TEST_P(PairingTest, OneAfterTheOtherOnPartsThatOverlap) {
    for (uint64_t round = 0; round < 8; ++round) {
        act(first, lines(round, 6));
        act(second, lines(round + 3, 6));
        act(first, lines(round + 4, 1));
    }
}

TEST_P(PairingTest, OneAfterTheOtherOnPartsOfLines) {
    // A write-only access to part of a line that a device has written would be a mistake.
    const auto acts = [this](Party party, Part part) {
        act(party == Party::CpuWrites ? Party::CpuDoesBoth : party, part);
    };
    for (uint64_t round = 0; round < 8; ++round) {
        acts(first, {frame, round * 48, 80});
        acts(second, {frame, round * 48 + 40, 200});
    }
}

TEST_P(PairingTest, OneWithinTheOther) {
    for (int round = 0; round < 4; ++round) {
        // Two of the CPU share their lines. A device keeps to lines of its own.
        const bool shared = isCpu(first) && isCpu(second);
        const Part outer = lines(0, 8);
        const Part inner = lines(shared ? 2 : 8, 4);
        open(first, outer);
        touch(first, outer);
        act(second, inner);
        touch(first, outer);
        close(first, outer);
        act(first, inner);
        act(second, outer);
    }
}

TEST_P(PairingTest, BothReadersOfTheSameLinesAtOnce) {
    const bool readers = (first == Party::CpuReads || first == Party::DeviceReads) &&
                         (second == Party::CpuReads || second == Party::DeviceReads);
    // Anybody else comes before them.
    if (!readers) {
        act(first, lines(0, 4));
        act(second, lines(0, 4));
    }
    open(Party::CpuReads, lines(0, 4));
    touch(readers ? first : Party::DeviceReads, lines(0, 4));
    touch(readers ? second : Party::DeviceReads, lines(0, 4));
    touch(Party::CpuReads, lines(0, 4));
    close(Party::CpuReads, lines(0, 4));
}

TEST_P(PairingTest, InTwoThreadsTurnByTurn) {
    Gate firstOpened, secondOpened, firstClosed;
    // Each has lines of its own. The first closes while the second is at work.
    std::thread other([&] {
        firstOpened.pass();
        open(second, lines(8, 8));
        touch(second, lines(8, 8));
        secondOpened.open();
        firstClosed.pass();
        touch(second, lines(8, 8));
        close(second, lines(8, 8));
    });
    open(first, lines(0, 8));
    touch(first, lines(0, 8));
    firstOpened.open();
    secondOpened.pass();
    close(first, lines(0, 8));
    firstClosed.open();
    other.join();
    act(second, lines(0, 8));
    act(first, lines(8, 8));
}

TEST_P(PairingTest, InTwoThreadsOnPartsOfTheSameLines) {
    // Of the CPU they may: its cores are coherent with each other. Two halves of each line.
    const Party one = isCpu(first) ? first : Party::CpuDoesBoth;
    const Party two = isCpu(second) ? second : Party::CpuDoesBoth;
    const auto halves = [this, &one, &two](bool upper) {
        for (uint64_t n = 0; n < 8; ++n)
            touch(upper ? two : one, {frame, n * line + (upper ? line / 2 : 0), line / 2});
    };
    act(first, lines(0, 8));
    act(Party::CpuReads, lines(0, 8));
    Gate bothOpened;
    std::thread other([&] {
        bothOpened.pass();
        halves(true);
        close(two, lines(0, 8));
    });
    open(one, lines(0, 8));
    open(two, lines(0, 8));
    bothOpened.open();
    halves(false);
    close(one, lines(0, 8));
    other.join();
    act(second, lines(0, 8));
}

TEST_P(PairingTest, OnThePlanesOfAPicture) {
    const std::vector<Part> planes = {lines(0, 16), lines(16, 4), lines(20, 4)};
    const auto onPlanes = [&](Party party) {
        for (const Part& plane : planes)
            open(party, plane);
        for (const Part& plane : planes)
            touch(party, plane);
        for (const Part& plane : planes)
            close(party, plane);
    };
    for (int round = 0; round < 3; ++round) {
        onPlanes(first);
        onPlanes(second);
        act(first, planes[1]);
        act(second, planes[2]);
    }
}

TEST_P(PairingTest, OnMemoryThatWasRecycledInBetween) {
    for (int round = 0; round < 4; ++round) {
        act(first, lines(0, 32));
        rehearsal.free(frame);
        frame = rehearsal.allocate(4 * page, "next");
        act(second, lines(8, 16));
    }
    EXPECT_EQ(rehearsal.heap()->stats().recycled, 4u);
}

TEST_P(PairingTest, WithADeviceThatWorksMeanwhileOnItsThread) {
    for (int round = 0; round < 3; ++round) {
        rehearsal.start(Kind::Fill, lines(0, 8));
        act(first, lines(0, 8));
        rehearsal.start(Kind::Invert, lines(2, 4));
        rehearsal.start(Kind::Copy, lines(2, 2), lines(20, 2));
        act(second, lines(0, 24));
        rehearsal.start(Kind::Checksum, lines(0, 24));
        act(first, lines(0, 8));
    }
}

TEST_P(PairingTest, OnUncachedMemoryWithoutAnySync) {
    frame = rehearsal.allocate(page, "uncached", false);
    const uint64_t syncs = rehearsal.heap()->stats().syncs;
    for (int round = 0; round < 3; ++round) {
        act(first, rehearsal.whole(frame));
        touch(second, lines(0, 4));
        act(first, lines(2, 4));
    }
    EXPECT_EQ(rehearsal.heap()->stats().syncs, syncs);
}

} // namespace
} // namespace mediaheap
