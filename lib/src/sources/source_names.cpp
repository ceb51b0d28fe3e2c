// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sources/source_names.h"

namespace mediaheap {

namespace {

enum class Naming { None, Possible, Needed };

struct SourceName {
    const char* name;
    Naming naming;
};

constexpr SourceName sources[] = {
    {"mpp", Naming::Possible}, {"mmz", Naming::Possible}, {"dma-heap", Naming::Needed},
    {"udmabuf", Naming::None}, {"memfd", Naming::None},   {"simulated", Naming::None},
};

const SourceName* find(std::string_view source) {
    for (const SourceName& one : sources) {
        if (one.name == source)
            return &one;
    }
    return nullptr;
}

} // namespace

std::vector<std::string> sourceNames() {
    std::vector<std::string> names;
    for (const SourceName& one : sources)
        names.emplace_back(one.name);
    return names;
}

bool isKnownSource(std::string_view source) { return find(source) != nullptr; }

bool takesName(std::string_view source) {
    const SourceName* const found = find(source);
    return found && found->naming != Naming::None;
}

bool needsName(std::string_view source) {
    const SourceName* const found = find(source);
    return found && found->naming == Naming::Needed;
}

std::string knownSources() {
    std::string text;
    for (const SourceName& one : sources)
        text += std::string(one.name) + (one.naming == Naming::Needed ? ":<name>, " : ", ");
    return text + "auto";
}

} // namespace mediaheap
