// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The search beside a model that knows neither states nor allocators: a zone is a row of pages, and
// every order is followed to its end.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "plan/placement_search.h"
#include "property.h"

namespace mediaheap::plan {
namespace {

constexpr int nobody = -1;

/// A page is nobody's, or that of the block with this number.
using Row = std::vector<int>;

struct Brick {
    size_t ofClass;
    int number;
};

/// Best fit, lowest address on ties: the first page, or nothing.
long placeIn(const Row& row, uint64_t pages) {
    long best = -1;
    size_t bestLength = row.size() + 1;
    for (size_t begin = 0; begin < row.size();) {
        size_t end = begin;
        while (end < row.size() && row[end] == nobody)
            end++;
        if (end - begin >= pages && end - begin < bestLength && end > begin) {
            best = static_cast<long>(begin);
            bestLength = end - begin;
        }
        begin = end + 1;
    }
    return best;
}

class Model {
public:
    explicit Model(const Sequence& sequence) : sequence_(sequence) {}

    bool everyOrderFits() { return begin(Row(sequence_.zonePages, nobody), {}, 0); }
    uint64_t orders() const { return orders_; }

private:
    static bool has(const std::vector<size_t>& mode, size_t ofClass) {
        return std::count(mode.begin(), mode.end(), ofClass) > 0;
    }

    bool begin(Row row, const std::vector<Brick>& there, size_t step) {
        if (step == sequence_.order.size()) {
            orders_++;
            return true;
        }
        const std::vector<size_t>& mode = sequence_.modes[sequence_.order[step]];
        std::vector<Brick> staying;
        std::vector<std::vector<Brick>> leaving;
        for (const Brick& brick : there) {
            if (has(mode, brick.ofClass)) {
                staying.push_back(brick);
                continue;
            }
            auto same = leaving.end();
            if (sequence_.release == Release::Items)
                same = std::find_if(leaving.begin(), leaving.end(), [&](const auto& portion) {
                    return sequence_.classes[portion[0].ofClass].item ==
                           sequence_.classes[brick.ofClass].item;
                });
            if (same == leaving.end())
                leaving.push_back({brick});
            else
                same->push_back(brick);
        }
        std::vector<size_t> arriving;
        for (const size_t ofClass : mode) {
            const bool isThere =
                step > 0 && has(sequence_.modes[sequence_.order[step - 1]], ofClass);
            if (!isThere)
                arriving.insert(arriving.end(), sequence_.classes[ofClass].count, ofClass);
        }
        if (sequence_.release == Release::First) {
            for (const auto& portion : leaving)
                take(row, portion);
            leaving.clear();
        }
        return goOn(row, staying, leaving, arriving, step);
    }

    static void take(Row& row, const std::vector<Brick>& portion) {
        for (const Brick& brick : portion)
            std::replace(row.begin(), row.end(), brick.number, nobody);
    }

    bool goOn(const Row& row, const std::vector<Brick>& there,
              const std::vector<std::vector<Brick>>& leaving, const std::vector<size_t>& arriving,
              size_t step) {
        if (leaving.empty() && arriving.empty())
            return begin(row, there, step + 1);
        bool moved = false;
        if (!arriving.empty()) {
            const uint64_t pages = sequence_.classes[arriving[0]].pages;
            const long at = placeIn(row, pages);
            if (at >= 0) {
                moved = true;
                Row next = row;
                std::fill_n(next.begin() + at, pages, ++number_);
                std::vector<Brick> more = there;
                more.push_back({arriving[0], number_});
                if (!goOn(next, more, leaving, {arriving.begin() + 1, arriving.end()}, step))
                    return false;
            }
        }
        for (size_t portion = 0; portion < leaving.size(); portion++) {
            moved = true;
            Row next = row;
            take(next, leaving[portion]);
            auto rest = leaving;
            rest.erase(rest.begin() + static_cast<long>(portion));
            if (!goOn(next, there, rest, arriving, step))
                return false;
        }
        return moved;
    }

    const Sequence& sequence_;
    int number_ = 0;
    uint64_t orders_ = 0;
};

/// Two modes of four blocks or three of three, at most, and a zone of what the largest needs or a
/// little more.
Sequence randomSequence(test::Random& random) {
    Sequence sequence;
    const size_t modes = random.between(2, 3);
    sequence.release = static_cast<Release>(random.below(3));
    for (size_t mode = 0; mode < modes; mode++) {
        std::vector<size_t> classes;
        size_t left = modes == 2 ? 4 : 3;
        // What an earlier mode had may stay.
        for (size_t known = 0; known < sequence.classes.size(); known++) {
            if (random.chance(1, 3) && sequence.classes[known].count <= left) {
                classes.push_back(known);
                left -= sequence.classes[known].count;
            }
        }
        while (left > 0 && random.chance(4, 5)) {
            const size_t count = random.between(1, std::min<size_t>(left, 3));
            left -= count;
            classes.push_back(sequence.classes.size());
            sequence.classes.push_back({"class " + std::to_string(sequence.classes.size()),
                                        random.between(1, 4), count, random.below(3)});
        }
        sequence.modes.push_back(classes);
        sequence.order.push_back(mode);
    }
    const uint64_t least = pagesOfLargestMode(sequence);
    sequence.zonePages = least + random.below(2);
    return sequence;
}

/// Plays the events of a counterexample on a row of pages; what does not hold, or nothing.
std::string replay(const Sequence& sequence, const Counterexample& found) {
    Row row(sequence.zonePages, nobody);
    for (const Event& event : found.events) {
        const uint64_t first = event.block.first;
        if (event.kind == Event::Kind::Mode)
            continue;
        const uint64_t pages = sequence.classes[event.block.ofClass].pages;
        const auto begin = row.begin() + static_cast<long>(first);
        if (event.kind == Event::Kind::Free) {
            std::fill_n(begin, pages, nobody);
        } else {
            if (placeIn(row, pages) != static_cast<long>(first))
                return "a block lies where best fit does not place it";
            std::fill_n(begin, pages, 1);
        }
    }
    if (placeIn(row, sequence.classes[found.ofClass].pages) >= 0)
        return "what is said to have no place has one";
    if (std::count(row.begin(), row.end(), nobody) != static_cast<long>(found.freePages))
        return "the free pages are counted wrong";
    return {};
}

void compare(const Sequence& sequence, uint64_t& fitting, uint64_t& failing) {
    Model model(sequence);
    const bool fits = model.everyOrderFits();
    const SearchResult result = search(sequence);
    ASSERT_TRUE(result.exhaustive);
    ASSERT_EQ(result.fits, fits) << model.orders() << " orders by the model";
    ASSERT_EQ(result.fits, !result.counterexample);
    if (result.counterexample) {
        ASSERT_EQ(replay(sequence, *result.counterexample), "");
    }

    SearchLimits few;
    few.states = 1;
    few.samples = 20;
    const SearchResult sampled = search(sequence, few);
    ASSERT_TRUE(sampled.fits || !fits) << "a drawn order fails though none does";
    if (sampled.counterexample) {
        ASSERT_EQ(replay(sequence, *sampled.counterexample), "");
    }
    (fits ? fitting : failing)++;
}

TEST(PlacementSearchProperty, FindsWhatFollowingEveryOrderFinds) {
    for (const uint64_t seed : {1, 2, 3}) {
        test::Random random(seed);
        uint64_t fitting = 0;
        uint64_t failing = 0;
        const uint64_t rounds = test::propertyOperations(400);
        for (uint64_t round = 0; round < rounds && !HasFatalFailure(); round++) {
            SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
            compare(randomSequence(random), fitting, failing);
        }
        EXPECT_GT(fitting, rounds / 10) << "the sequences say nothing";
        EXPECT_GT(failing, rounds / 10) << "the sequences say nothing";
    }
}

} // namespace
} // namespace mediaheap::plan
