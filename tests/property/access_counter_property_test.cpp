// SPDX-License-Identifier: LGPL-2.1-or-later
//
// AccessCounter beside a model too simple to be wrong: one entry for each byte.
#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "property.h"
#include "sync/access_counter.h"

namespace mediaheap {
namespace {

using test::propertyOperations;
using test::Random;

constexpr uint64_t size = 1000; // no whole number of lines
constexpr uint64_t line = 64;

using Bits = uint32_t;

Bits bits(Access access) { return static_cast<Bits>(access); }

/// An exporter that syncs lines, keeps for each byte what it has been started for, and takes notice
/// of everything that is not paired.
class ByteSide : public DeviceSide {
public:
    bool needsSync() const noexcept override { return true; }
    ByteRange reach(ByteRange range) const noexcept override {
        const uint64_t begin = range.offset / line * line;
        const uint64_t end = std::min((range.end() + line - 1) / line * line, size);
        return {begin, end - begin};
    }
    Result<void> sync(SyncEdge edge, Access access, ByteRange range) override {
        ++calls;
        bytes += range.size;
        if (edge != SyncEdge::End && failing != nullptr && failing->chance(1, 10)) {
            ++failed;
            return makeError(EIO, "sync");
        }
        for (uint64_t at = range.offset; at < range.end(); ++at) {
            Bits& started = started_[at];
            if (edge == SyncEdge::Start)
                started |= bits(access);
            else if (edge == SyncEdge::WriteBack && (started & bits(Access::Write)) == 0)
                wrong = "written back without an open write at " + std::to_string(at);
            else if (edge == SyncEdge::End && started != bits(access))
                wrong = "ended for something else than it was started for at " + std::to_string(at);
            if (edge == SyncEdge::End)
                started = 0;
        }
        return {};
    }
    Result<void> settle() override { return {}; }
    Holders holders(bool) const override { return Holders::None; }
    Result<bool> waitUntilIdle(Access, std::chrono::milliseconds) override { return true; }
    Result<void> importFence(UniqueFd, Access) override { return {}; }

    const std::vector<Bits>& started() const { return started_; }

    uint64_t calls = 0;
    uint64_t failed = 0;
    uint64_t bytes = 0;
    Random* failing = nullptr;
    std::string wrong;

private:
    std::vector<Bits> started_ = std::vector<Bits>(size, 0);
};

/// What each byte has to be started for, and one call for each run of bytes that need the same.
class NaiveAccesses {
public:
    uint64_t begin(Access access, ByteRange lines) {
        uint64_t calls = 0;
        Bits last = ~0u;
        for (uint64_t at = lines.offset; at < lines.end(); ++at) {
            const Bits had = wanted_[at];
            const bool missing = (had & bits(access)) != bits(access);
            if (missing && had != last)
                calls += had == bits(Access::Write) ? 2 : 1; // it is written back before
            last = missing ? had : ~0u;
            wanted_[at] = had | bits(access);
        }
        ++open_;
        return calls;
    }

    uint64_t end() {
        if (--open_ > 0)
            return 0;
        uint64_t calls = 0;
        Bits last = 0;
        for (Bits& wanted : wanted_) {
            calls += wanted != 0 && wanted != last;
            last = wanted;
            wanted = 0;
        }
        return calls;
    }

    unsigned open() const { return open_; }
    const std::vector<Bits>& wanted() const { return wanted_; }

private:
    std::vector<Bits> wanted_ = std::vector<Bits>(size, 0);
    unsigned open_ = 0;
};

ByteRange anyRange(Random& random) {
    const uint64_t offset = random.below(size);
    return {offset,
            random.between(1, random.chance(1, 4) ? size - offset
                                                  : std::min<uint64_t>(size - offset, 130))};
}

TEST(AccessCounterProperty, SyncsEveryByteExactlyAndNoMoreOftenThanItMust) {
    Random random(3);
    ByteSide side;
    SyncStats stats;
    AccessCounter counter(side, stats, std::chrono::milliseconds(0));
    NaiveAccesses naive;
    uint64_t naiveCalls = 0;
    for (uint64_t n = 0; n < propertyOperations(100000); ++n) {
        if (naive.open() > 0 && random.chance(naive.open(), 8)) {
            ASSERT_TRUE(counter.end().ok());
            naiveCalls += naive.end();
        } else {
            const auto access = static_cast<Access>(random.between(1, 3));
            const ByteRange range = anyRange(random);
            ASSERT_TRUE(counter.begin(access, range).ok());
            naiveCalls += naive.begin(access, side.reach(range));
        }
        ASSERT_EQ(side.wrong, "") << n;
        ASSERT_EQ(side.started(), naive.wanted()) << n;
        ASSERT_EQ(counter.open(), naive.open());
        ASSERT_LE(side.calls, naiveCalls) << n;
        ASSERT_EQ(stats.issued, side.calls);
        ASSERT_EQ(stats.bytes, side.bytes);
    }
}

TEST(AccessCounterProperty, CostsNoMoreThanAPairForEachAccessOfOneKind) {
    for (const Access access : {Access::Read, Access::Write, Access::ReadWrite}) {
        Random random(5);
        ByteSide side;
        SyncStats stats;
        AccessCounter counter(side, stats, std::chrono::milliseconds(0));
        uint64_t accesses = 0;
        for (uint64_t n = 0; n < propertyOperations(20000); ++n) {
            if (counter.open() > 0 && random.chance(counter.open(), 12)) {
                ASSERT_TRUE(counter.end().ok());
            } else {
                ASSERT_TRUE(counter.begin(access, anyRange(random)).ok());
                ++accesses;
            }
            if (counter.open() == 0) {
                ASSERT_LE(side.calls, 2 * accesses) << n;
            }
        }
    }
}

TEST(AccessCounterProperty, LeavesNothingOpenWhateverFails) {
    Random random(7);
    ByteSide side;
    SyncStats stats;
    AccessCounter counter(side, stats, std::chrono::milliseconds(0));
    side.failing = &random;
    for (uint64_t n = 0; n < propertyOperations(50000); ++n) {
        const unsigned before = counter.open();
        if (before > 0 && random.chance(before, 8)) {
            ASSERT_TRUE(counter.end().ok());
            ASSERT_EQ(counter.open(), before - 1);
        } else {
            const auto access = static_cast<Access>(random.between(1, 3));
            const ByteRange range = anyRange(random);
            const bool begun = counter.begin(access, range).ok();
            ASSERT_EQ(counter.open(), before + (begun ? 1 : 0));
            const ByteRange lines = side.reach(range);
            for (uint64_t at = lines.offset; begun && at < lines.end(); ++at)
                ASSERT_EQ(side.started()[at] & bits(access), bits(access)) << n;
        }
        ASSERT_EQ(side.wrong, "") << n;
        if (counter.open() == 0) {
            ASSERT_EQ(side.started(), std::vector<Bits>(size, 0)) << n;
        }
    }
    EXPECT_GT(side.failed, 100u);
}

} // namespace
} // namespace mediaheap
