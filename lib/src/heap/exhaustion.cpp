// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/exhaustion.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"

namespace mediaheap {

namespace {

using Zones = std::vector<const Zone*>;

constexpr size_t namesShown = 4;

struct Group {
    std::string name;
    bool held = false;
    bool system = false;
    uint64_t bytes = 0;
    uint64_t blocks = 0;
};

std::vector<Group> groupByName(const Zones& zones) {
    std::map<std::tuple<bool, std::string, bool>, Group> groups;
    for (const Zone* const zone : zones) {
        for (const auto& item : zone->entries()) {
            const Zone::Entry& entry = item.second;
            Group& group = groups[{entry.system, entry.name, entry.held}];
            group.name = entry.name.empty() ? "<unnamed>" : entry.name;
            group.held = entry.held;
            group.system = entry.system;
            group.bytes += entry.size;
            group.blocks++;
        }
    }
    std::vector<Group> sorted;
    for (auto& item : groups)
        sorted.push_back(std::move(item.second));
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const Group& a, const Group& b) { return a.bytes > b.bytes; });
    return sorted;
}

/// What makes room for good: zones of `mmz=` grow there, any other with the heap.
std::string howToGrow(const Zones& zones) {
    if (!zones.front()->isListed())
        return "open the heap with a larger size=";
    if (zones.size() > 1)
        return "give one of these zones a larger size in mmz=";
    return "give zone '" + zones.front()->name() + "' a larger size in mmz=";
}

bool someBlocksCanGo(const Zones& zones) {
    return std::any_of(zones.begin(), zones.end(), [](const Zone* zone) {
        return std::any_of(zone->entries().begin(), zone->entries().end(),
                           [](const auto& item) { return !item.second.system; });
    });
}

} // namespace

std::string formatKib(uint64_t bytes) { return std::to_string(bytes / 1024) + " KiB"; }

std::string nameHolders(const Zones& zones) {
    const std::vector<Group> groups = groupByName(zones);
    std::string text;
    const char* separator = "in use: '";
    for (size_t i = 0; i < std::min(groups.size(), namesShown); i++) {
        const Group& group = groups[i];
        text += separator + group.name + "' " + formatKib(group.bytes) + " in " +
                std::to_string(group.blocks) + (group.blocks == 1 ? " block" : " blocks");
        if (group.held)
            text += " that an importer still holds";
        if (group.system)
            text += " of the system itself";
        separator = ", '";
    }
    if (groups.size() > namesShown)
        text += ", and " + std::to_string(groups.size() - namesShown) + " more names";
    return text;
}

Error explainExhaustion(const Zones& zones, uint64_t size, uint64_t alignment) {
    const std::string step = "allocate " + std::to_string(size) + " bytes";
    const std::string grow = howToGrow(zones);
    std::string whole;
    std::string state;
    bool anyCouldHold = false;
    bool anyHasEnough = false;
    for (const Zone* const zone : zones) {
        whole += (whole.empty() ? "" : " or '") + zone->name() + "' of " + formatKib(zone->size());
        const uint64_t needed = zone->rounded(size).value_or(UINT64_MAX);
        const uint64_t free = zone->size() - zone->used();
        state += (state.empty() ? "zone '" : ", zone '") + zone->name() + "' has " +
                 formatKib(free) + " of " + formatKib(zone->size()) + " free";
        anyCouldHold = anyCouldHold || needed <= zone->size();
        if (needed > free)
            continue;
        anyHasEnough = true;
        state += ", but only " + formatKib(zone->largestFree()) + " in one piece";
        if (alignment > zone->page())
            state += ", before alignment to " + std::to_string(alignment);
    }
    if (!anyCouldHold)
        return makeError(ENOMEM, step, "more than the whole zone '" + whole, grow);

    const std::string holders = nameHolders(zones);
    std::string remedy = grow;
    if (someBlocksCanGo(zones))
        remedy += anyHasEnough ? ", or allocate the large blocks first" : ", or free some of these";
    return makeError(ENOMEM, step, state + (holders.empty() ? "" : "; " + holders),
                     std::move(remedy));
}

} // namespace mediaheap
