// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/exhaustion.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>
#include <vector>

#include "base/error.h"

namespace mediaheap {

namespace {

constexpr size_t namesShown = 4;

struct Group {
    std::string name;
    bool held = false;
    uint64_t bytes = 0;
    uint64_t blocks = 0;
};

std::vector<Group> groupByName(const Zone& zone) {
    std::map<std::pair<std::string, bool>, Group> groups;
    for (const auto& item : zone.entries()) {
        const Zone::Entry& entry = item.second;
        Group& group = groups[{entry.name, entry.held}];
        group.name = entry.name.empty() ? "<unnamed>" : entry.name;
        group.held = entry.held;
        group.bytes += entry.size;
        group.blocks++;
    }
    std::vector<Group> sorted;
    for (auto& item : groups)
        sorted.push_back(std::move(item.second));
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const Group& a, const Group& b) { return a.bytes > b.bytes; });
    return sorted;
}

} // namespace

std::string formatKib(uint64_t bytes) { return std::to_string(bytes / 1024) + " KiB"; }

std::string nameHolders(const Zone& zone) {
    const std::vector<Group> groups = groupByName(zone);
    std::string text;
    const char* separator = "in use: '";
    for (size_t i = 0; i < std::min(groups.size(), namesShown); i++) {
        const Group& group = groups[i];
        text += separator + group.name + "' " + formatKib(group.bytes) + " in " +
                std::to_string(group.blocks) + (group.blocks == 1 ? " block" : " blocks");
        if (group.held)
            text += " that an importer still holds";
        separator = ", '";
    }
    if (groups.size() > namesShown)
        text += ", and " + std::to_string(groups.size() - namesShown) + " more names";
    return text;
}

Error explainExhaustion(const Zone& zone, uint64_t size, uint64_t alignment) {
    const std::string step = "allocate " + std::to_string(size) + " bytes";
    const std::string grow = "open the heap with a larger size=";
    if (size > zone.size())
        return makeError(
            ENOMEM, step,
            "more than the whole zone '" + zone.name() + "' of " + formatKib(zone.size()), grow);

    const uint64_t free = zone.size() - zone.used();
    const std::string state = "zone '" + zone.name() + "' has " + formatKib(free) + " of " +
                              formatKib(zone.size()) + " free";
    const std::string holders = nameHolders(zone);
    const std::string who = holders.empty() ? "" : "; " + holders;
    if (size > free)
        return makeError(ENOMEM, step, state + who, grow + ", or free some of these");

    std::string pieces = ", but only " + formatKib(zone.largestFree()) + " in one piece";
    if (alignment > zone.page())
        pieces += ", before alignment to " + std::to_string(alignment);
    return makeError(ENOMEM, step, state + pieces + who,
                     grow + ", or allocate the large blocks first");
}

} // namespace mediaheap
