// SPDX-License-Identifier: LGPL-2.1-or-later
#include "placement_search.h"

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "zone_state.h"

namespace mediaheap::plan {

namespace {

constexpr uint64_t statesPerReport = 4096;
constexpr uint64_t samplesPerReport = 64;
// What the stack holds under a sanitizer, too.
constexpr size_t mostEvents = 2000;

/// Looks at every order, each state once, until one fails or there are too many.
class Exhaustion {
public:
    Exhaustion(const SearchLimits& limits, SearchResult& result)
        : limits_(limits), result_(result) {}

    /// False when the search is over.
    bool look(const ZoneState& state) {
        if (state.isDone() || !seen_.insert(state.key()).second)
            return true;
        if (result_.states == limits_.states || events_.size() > mostEvents)
            return false;
        if (++result_.states % statesPerReport == 0 && limits_.progress)
            limits_.progress(result_.states, false);
        if (state.isStuck()) {
            result_.counterexample = state.describe(events_);
            return false;
        }
        const size_t before = events_.size();
        if (state.hasAllocation()) {
            ZoneState next = state;
            if (next.allocate(events_) && !look(next))
                return false;
            events_.resize(before);
        }
        for (size_t portion = 0; portion < state.portions(); portion++) {
            ZoneState next = state;
            next.give(portion, events_);
            if (!look(next))
                return false;
            events_.resize(before);
        }
        return true;
    }

    std::vector<Event>& events() { return events_; }

private:
    const SearchLimits& limits_;
    SearchResult& result_;
    std::set<std::vector<uint64_t>> seen_;
    std::vector<Event> events_;
};

/// One order drawn at random; where it fails, says how.
std::optional<Counterexample> drawOrder(const Sequence& sequence, std::mt19937_64& random) {
    std::vector<Event> events;
    ZoneState state(sequence, events);
    while (!state.isDone()) {
        if (state.isStuck())
            return state.describe(std::move(events));
        const bool allocates =
            state.hasAllocation() && (state.portions() == 0 || random() % 2 == 0);
        if (allocates && state.allocate(events))
            continue;
        state.give(random() % state.portions(), events);
    }
    return std::nullopt;
}

} // namespace

uint64_t pagesOfLargestMode(const Sequence& sequence) {
    uint64_t largest = 0;
    for (const size_t mode : sequence.order) {
        uint64_t pages = 0;
        for (const size_t ofClass : sequence.modes[mode])
            pages += sequence.classes[ofClass].pages * sequence.classes[ofClass].count;
        largest = std::max(largest, pages);
    }
    return largest;
}

SearchResult search(const Sequence& sequence, const SearchLimits& limits) {
    SearchResult result;
    Exhaustion all(limits, result);
    if (all.look(ZoneState(sequence, all.events())) || result.counterexample) {
        result.exhaustive = true;
        result.fits = !result.counterexample;
        return result;
    }

    result.seed = limits.seed;
    std::mt19937_64 random(limits.seed);
    while (result.samples < limits.samples && !result.counterexample) {
        result.counterexample = drawOrder(sequence, random);
        if (++result.samples % samplesPerReport == 0 && limits.progress)
            limits.progress(result.samples, true);
    }
    result.fits = !result.counterexample;
    return result;
}

} // namespace mediaheap::plan
