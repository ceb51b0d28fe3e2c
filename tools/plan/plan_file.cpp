// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "item_reader.h"
#include "section.h"

namespace mediaheap::plan {

namespace {

constexpr size_t mostModes = 64;
constexpr uint64_t largestPage = uint64_t{1} << 20;

Error wrong(const std::string& file, unsigned line, std::string cause, std::string remedy = {}) {
    return makeError(EINVAL, file + ":" + std::to_string(line), std::move(cause),
                     std::move(remedy));
}

/// The lines of a file as sections with keys.
Result<std::vector<Section>> divide(std::string_view text, const std::string& file) {
    std::vector<Section> sections;
    unsigned number = 0;
    while (!text.empty()) {
        const size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        number++;
        line = trimmed(line.substr(0, line.find('#')));
        if (line.empty())
            continue;
        if (line.front() == '[') {
            if (line.back() != ']')
                return wrong(file, number, "a section's line ends with ]");
            const std::string_view inside = trimmed(line.substr(1, line.size() - 2));
            const size_t space = inside.find_first_of(" \t");
            const std::string_view kind = inside.substr(0, space);
            const std::string_view name = space == std::string_view::npos
                                              ? std::string_view()
                                              : trimmed(inside.substr(space));
            sections.emplace_back(file, number, std::string(kind), std::string(name));
            continue;
        }
        const size_t equals = line.find('=');
        if (equals == std::string_view::npos)
            return wrong(file, number, "neither a [section] nor key = value");
        if (sections.empty())
            return wrong(file, number, "a key before the first [section]",
                         "begin with [plan] or with an item such as [camera main]");
        Result<void> added = sections.back().add(number, trimmed(line.substr(0, equals)),
                                                 trimmed(line.substr(equals + 1)));
        if (!added)
            return std::move(added).error();
    }
    return sections;
}

/// Puts a file together from its sections.
class Reader {
public:
    explicit Reader(std::string name) : name_(std::move(name)) {}

    Result<void> read(Section& section) {
        if (isItem(section.kind()))
            return readItem(section);
        if (section.kind() == "plan")
            return readPlan(section);
        if (section.kind() == "mode")
            return readMode(section);
        if (section.kind() == "sequence")
            return readSequence(section);
        return wrong(
            name_, section.line(), "no section is called [" + section.kind() + "]",
            "there are plan, display, audio, communication, codec, camera, other, mode and "
            "sequence");
    }

    Result<PlanFile> finish() {
        if (file_.items.empty())
            return wrong(name_, 1, "no item", "add one, such as [camera main]");
        if (!sequenceSeen_) {
            for (size_t mode = 0; mode < file_.modes.size(); mode++)
                file_.order.push_back(mode);
        }
        return std::move(file_);
    }

private:
    Result<void> readItem(Section& section) {
        Item item = plan::readItem(section);
        if (Result<void> done = section.finish(); !done)
            return done;
        if (const Item* const other = findItem(item.name))
            return wrong(name_, item.line,
                         "'" + item.name + "' is in line " + std::to_string(other->line) +
                             " already",
                         "give each item a name of its own: [" + item.kind + " NAME]");
        if (file_.items.size() == mostItems)
            return wrong(name_, item.line, "more than " + std::to_string(mostItems) + " items");
        file_.items.push_back(std::move(item));
        return {};
    }

    Result<void> readPlan(Section& section) {
        if (planSeen_)
            return wrong(name_, section.line(), "[plan] is there already");
        planSeen_ = true;
        file_.page = section.takeBytes("page", 0);
        if (section.has("page") && (!isPowerOfTwo(file_.page) || file_.page > largestPage))
            section.fail(section.lineOf("page"), "a page is a power of two bytes, 1M at most");
        if (section.has("heap"))
            file_.heap = section.takeBytes("heap");
        else
            section.takeBytes("heap", 0);
        const std::string margin = section.takeText("margin", "");
        if (!margin.empty() && margin.back() == '%') {
            const auto percent = parseBytes(margin.substr(0, margin.size() - 1));
            if (!percent || *percent > 100)
                section.fail(section.lineOf("margin"),
                             "margin = " + margin + " is no number from 0% to 100%");
            file_.marginPercent = static_cast<unsigned>(percent.value_or(0));
        } else if (section.has("margin")) {
            file_.margin = section.takeBytes("margin");
        }
        return section.finish();
    }

    Result<void> readMode(Section& section) {
        Mode mode;
        mode.name = section.name();
        mode.line = section.line();
        const std::vector<std::string> names = section.takeList("items");
        if (Result<void> done = section.finish(); !done)
            return done;
        if (mode.name.empty())
            return wrong(name_, mode.line, "a mode without a name", "write [mode NAME]");
        if (findMode(mode.name))
            return wrong(name_, mode.line, "mode '" + mode.name + "' is there already");
        if (file_.modes.size() == mostModes)
            return wrong(name_, mode.line, "more than " + std::to_string(mostModes) + " modes");
        for (const std::string& name : names) {
            const Item* const item = findItem(name);
            if (!item)
                return wrong(name_, section.lineOf("items"),
                             "no item above is called '" + name + "'",
                             "describe the items first, then the modes that use them");
            const auto index = static_cast<size_t>(item - file_.items.data());
            if (std::find(mode.items.begin(), mode.items.end(), index) != mode.items.end())
                return wrong(name_, section.lineOf("items"), "'" + name + "' is listed twice");
            mode.items.push_back(index);
        }
        file_.modes.push_back(std::move(mode));
        return {};
    }

    Result<void> readSequence(Section& section) {
        if (sequenceSeen_)
            return wrong(name_, section.line(), "[sequence] is there already");
        sequenceSeen_ = true;
        const std::vector<std::string> names = section.takeList("modes");
        const std::vector<std::string> words = {"blocks", "items", "first"};
        const Release releases[] = {Release::Blocks, Release::Items, Release::First};
        file_.release = releases[section.takeWord("free", words, 0)];
        if (Result<void> done = section.finish(); !done)
            return done;
        if (names.size() > mostModes)
            return wrong(name_, section.lineOf("modes"),
                         "more than " + std::to_string(mostModes) + " modes in sequence");
        for (const std::string& name : names) {
            const Mode* const mode = findMode(name);
            if (!mode)
                return wrong(name_, section.lineOf("modes"),
                             "no mode above is called '" + name + "'",
                             "describe the modes first, then their sequence");
            file_.order.push_back(static_cast<size_t>(mode - file_.modes.data()));
        }
        return {};
    }

    const Item* findItem(const std::string& name) const {
        for (const Item& item : file_.items) {
            if (item.name == name)
                return &item;
        }
        return nullptr;
    }

    const Mode* findMode(const std::string& name) const {
        for (const Mode& mode : file_.modes) {
            if (mode.name == name)
                return &mode;
        }
        return nullptr;
    }

    std::string name_;
    PlanFile file_;
    bool planSeen_ = false;
    bool sequenceSeen_ = false;
};

} // namespace

Result<PlanFile> parsePlan(std::string_view text, const std::string& name) {
    Result<std::vector<Section>> sections = divide(text, name);
    if (!sections)
        return std::move(sections).error();
    Reader reader(name);
    for (Section& section : *sections) {
        if (Result<void> done = reader.read(section); !done)
            return std::move(done).error();
    }
    return reader.finish();
}

} // namespace mediaheap::plan
