// SPDX-License-Identifier: LGPL-2.1-or-later
#include "zone_state.h"

#include <algorithm>
#include <map>
#include <utility>

namespace mediaheap::plan {

namespace {

bool contains(const std::vector<size_t>& indices, size_t index) {
    return std::find(indices.begin(), indices.end(), index) != indices.end();
}

} // namespace

ZoneState::ZoneState(const Sequence& sequence, std::vector<Event>& events)
    : sequence_(&sequence), pages_(sequence.zonePages) {
    beginStep(events);
    goOn(events);
}

bool ZoneState::isDone() const { return step_ == sequence_->order.size(); }

bool ZoneState::isStuck() const {
    return !isDone() && portions_.empty() && hasAllocation() &&
           !pages_.find(sequence_->classes[wanted_[next_]].pages);
}

bool ZoneState::allocate(std::vector<Event>& events) {
    const size_t ofClass = wanted_[next_];
    const auto first = pages_.allocate(sequence_->classes[ofClass].pages);
    if (!first)
        return false;
    const Placed block{ofClass, *first};
    live_.insert(std::lower_bound(live_.begin(), live_.end(), block), block);
    next_++;
    events.push_back({Event::Kind::Allocate, step_, block});
    goOn(events);
    return true;
}

void ZoneState::give(size_t portion, std::vector<Event>& events) {
    for (const Placed& block : portions_[portion]) {
        pages_.free(block.first, sequence_->classes[block.ofClass].pages);
        live_.erase(std::lower_bound(live_.begin(), live_.end(), block));
        events.push_back({Event::Kind::Free, step_, block});
    }
    portions_.erase(portions_.begin() + static_cast<std::ptrdiff_t>(portion));
    goOn(events);
}

std::vector<uint64_t> ZoneState::key() const {
    // What is still to be given back follows from the step and what is there.
    std::vector<uint64_t> key = {step_, next_};
    for (const Placed& block : live_) {
        key.push_back(block.ofClass);
        key.push_back(block.first);
    }
    return key;
}

Counterexample ZoneState::describe(std::vector<Event> events) const {
    Counterexample found;
    found.events = std::move(events);
    found.live = live_;
    std::sort(found.live.begin(), found.live.end(),
              [](const Placed& a, const Placed& b) { return a.first < b.first; });
    found.step = step_;
    found.ofClass = wanted_[next_];
    found.freePages = pages_.freePages();
    found.largestGap = pages_.largestGap();
    return found;
}

/// Goes over to the next mode as long as the one at hand has nothing left to do.
void ZoneState::goOn(std::vector<Event>& events) {
    while (!isDone() && !hasAllocation() && portions_.empty()) {
        step_++;
        beginStep(events);
    }
}

void ZoneState::beginStep(std::vector<Event>& events) {
    wanted_.clear();
    next_ = 0;
    portions_.clear();
    if (isDone())
        return;
    events.push_back({Event::Kind::Mode, step_, {}});

    const std::vector<size_t>& mode = sequence_->modes[sequence_->order[step_]];
    static const std::vector<size_t> nothing;
    const std::vector<size_t>& before =
        step_ == 0 ? nothing : sequence_->modes[sequence_->order[step_ - 1]];
    for (const size_t ofClass : mode) {
        if (!contains(before, ofClass))
            wanted_.insert(wanted_.end(), sequence_->classes[ofClass].count, ofClass);
    }
    std::vector<Placed> leaving;
    for (const Placed& block : live_) {
        if (!contains(mode, block.ofClass))
            leaving.push_back(block);
    }
    if (sequence_->release != Release::First) {
        divide(leaving);
        return;
    }
    for (const Placed& block : leaving) {
        pages_.free(block.first, sequence_->classes[block.ofClass].pages);
        live_.erase(std::lower_bound(live_.begin(), live_.end(), block));
        events.push_back({Event::Kind::Free, step_, block});
    }
}

void ZoneState::divide(const std::vector<Placed>& leaving) {
    if (sequence_->release == Release::Blocks) {
        for (const Placed& block : leaving)
            portions_.push_back({block});
        return;
    }
    std::map<size_t, std::vector<Placed>> items;
    for (const Placed& block : leaving)
        items[sequence_->classes[block.ofClass].item].push_back(block);
    for (auto& item : items)
        portions_.push_back(std::move(item.second));
}

} // namespace mediaheap::plan
