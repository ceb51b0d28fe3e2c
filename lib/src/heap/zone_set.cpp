// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/zone_set.h"

#include <algorithm>
#include <utility>

namespace mediaheap {

namespace {

bool matches(const Zone& zone, const ZoneSet::Wish& wish) {
    return (wish.zone.empty() || wish.zone == zone.name()) &&
           (wish.gfp == 0 || wish.gfp == zone.gfp());
}

} // namespace

ZoneSet::ZoneSet(std::vector<Zone::Setup> zones, uint64_t page) {
    for (Zone::Setup& setup : zones) {
        size_ += setup.size;
        zones_.push_back(std::make_unique<Zone>(std::move(setup), page));
    }
    peak_ = used();
}

const Zone& ZoneSet::at(uint64_t offset) const {
    // The last that starts at or before it: labels may lie beyond the end of the last zone.
    const auto after = std::find_if(zones_.begin() + 1, zones_.end(),
                                    [&](const auto& zone) { return zone->start() > offset; });
    return **(after - 1);
}

Zone& ZoneSet::zoneAt(uint64_t offset) {
    return const_cast<Zone&>(std::as_const(*this).at(offset));
}

uint64_t ZoneSet::used() const noexcept {
    uint64_t sum = 0;
    for (const auto& zone : zones_)
        sum += zone->used();
    return sum;
}

uint64_t ZoneSet::held() const noexcept {
    uint64_t sum = 0;
    for (const auto& zone : zones_)
        sum += zone->held();
    return sum;
}

uint64_t ZoneSet::blocks() const noexcept {
    uint64_t sum = 0;
    for (const auto& zone : zones_)
        sum += zone->entries().size();
    return sum;
}

uint64_t ZoneSet::live() const noexcept {
    uint64_t sum = 0;
    for (const auto& zone : zones_)
        sum += static_cast<uint64_t>(
            std::count_if(zone->entries().begin(), zone->entries().end(), [](const auto& entry) {
                return !entry.second.held && !entry.second.system;
            }));
    return sum;
}

uint64_t ZoneSet::largestFree() const noexcept {
    uint64_t most = 0;
    for (const auto& zone : zones_)
        most = std::max(most, zone->largestFree());
    return most;
}

bool ZoneSet::knows(const Wish& wish) const noexcept {
    return std::any_of(zones_.begin(), zones_.end(),
                       [&](const auto& zone) { return matches(*zone, wish); });
}

std::vector<const Zone*> ZoneSet::matching(const Wish& wish) const {
    std::vector<const Zone*> found;
    for (auto zone = zones_.rbegin(); zone != zones_.rend(); ++zone) {
        if (matches(**zone, wish))
            found.push_back(zone->get());
    }
    return found;
}

std::optional<Zone::Place> ZoneSet::reserve(uint64_t size, uint64_t alignment,
                                            const std::string& name, const Wish& wish) {
    for (auto zone = zones_.rbegin(); zone != zones_.rend(); ++zone) {
        if (!matches(**zone, wish))
            continue;
        const auto place = (*zone)->reserve(size, alignment, name, wish.order);
        if (!place)
            continue;
        peak_ = std::max(peak_, used());
        return place;
    }
    return std::nullopt;
}

void ZoneSet::publish(HeapTable* table) {
    uint32_t number = 0;
    for (auto zone = zones_.rbegin(); zone != zones_.rend(); ++zone)
        (*zone)->publish(table, number++);
}

const Zone::Entry* ZoneSet::find(uint64_t offset) const {
    const auto& entries = at(offset).entries();
    const auto entry = entries.find(offset);
    return entry == entries.end() ? nullptr : &entry->second;
}

std::string ZoneSet::validate() const {
    for (const auto& zone : zones_) {
        if (std::string wrong = zone->validate(); !wrong.empty())
            return wrong;
    }
    if (peak_ > size_ || used() > peak_)
        return "the peak of " + std::to_string(peak_) + " bytes is not what was used at most";
    return {};
}

} // namespace mediaheap
