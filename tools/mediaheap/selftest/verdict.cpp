// SPDX-License-Identifier: LGPL-2.1-or-later
#include "verdict.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace mediaheap::tool {

namespace {

// Bug trackers show that much of a line in fixed type.
constexpr size_t pageWidth = 100;
constexpr size_t outcomeWidth = 14;
constexpr size_t nameWidth = 16;

const char* wordFor(Step::Outcome outcome) {
    switch (outcome) {
    case Step::Outcome::Ok:
        return "ok";
    case Step::Outcome::Failed:
        return "failed";
    case Step::Outcome::NotPossible:
        return "not possible";
    case Step::Outcome::NotTried:
        return "not tried";
    }
    return "";
}

std::string padded(const std::string& text, size_t width) {
    return text + std::string(width > text.size() ? width - text.size() : 1, ' ');
}

/// @p text in lines of the page, the following ones below the first.
std::string wrapped(const std::string& text, size_t indent) {
    std::string page;
    size_t column = indent;
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = std::min(text.find(' ', begin), text.size());
        const size_t length = end - begin;
        if (column > indent && column + 1 + length > pageWidth) {
            page += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            page += ' ';
            column++;
        }
        page.append(text, begin, length);
        column += length;
        begin = end + 1;
    }
    return page + "\n";
}

/// A line for each step that failed, with those that need it.
std::string notTriedText(const std::vector<Step>& steps) {
    std::vector<std::pair<std::string, std::string>> lines;
    for (const Step& step : steps) {
        if (step.outcome != Step::Outcome::NotTried)
            continue;
        const auto line = std::find_if(lines.begin(), lines.end(),
                                       [&](const auto& l) { return l.first == step.needs; });
        if (line == lines.end())
            lines.emplace_back(step.needs, step.name);
        else
            line->second += ", " + step.name;
    }
    std::string text;
    for (const auto& [needs, names] : lines)
        text += padded(wordFor(Step::Outcome::NotTried), outcomeWidth) +
                wrapped(names + ": '" + needs + "' failed", outcomeWidth);
    return text;
}

} // namespace

Step Step::ok(std::string name, std::string text) {
    return {std::move(name), Outcome::Ok, std::move(text), {}, false};
}

Step Step::failed(std::string name, std::string text) {
    return {std::move(name), Outcome::Failed, std::move(text), {}, true};
}

Step Step::blemished(std::string name, std::string text) {
    return {std::move(name), Outcome::Failed, std::move(text), {}, false};
}

Step Step::notPossible(std::string name, std::string text) {
    return {std::move(name), Outcome::NotPossible, std::move(text), {}, false};
}

Step Step::notTried(std::string name, std::string needs) {
    return {std::move(name), Outcome::NotTried, {}, std::move(needs), false};
}

size_t Verdict::count(Step::Outcome outcome) const {
    return static_cast<size_t>(std::count_if(
        steps.begin(), steps.end(), [&](const Step& step) { return step.outcome == outcome; }));
}

bool Verdict::isSpoilt(const std::string& step) const {
    return std::any_of(steps.begin(), steps.end(),
                       [&](const Step& done) { return done.spoils && done.name == step; });
}

std::string Verdict::asText() const {
    std::string page = "mediaheap selftest\n";
    page += padded("kernel", outcomeWidth) + wrapped(kernel, outcomeWidth);
    page += padded("library", outcomeWidth) + wrapped(library, outcomeWidth);
    page += padded("heap", outcomeWidth) + wrapped(heap, outcomeWidth);
    page += padded("machine", outcomeWidth) + wrapped(machine, outcomeWidth);
    page += "\n";
    for (const Step& step : steps) {
        if (step.outcome != Step::Outcome::NotTried)
            page += padded(wordFor(step.outcome), outcomeWidth) + padded(step.name, nameWidth) +
                    wrapped(step.text, outcomeWidth + nameWidth);
    }
    page += notTriedText(steps);
    page += "\nVerdict: " + std::to_string(count(Step::Outcome::Ok)) + " ok, " +
            std::to_string(count(Step::Outcome::Failed)) + " failed, " +
            std::to_string(count(Step::Outcome::NotPossible)) + " not possible here, " +
            std::to_string(count(Step::Outcome::NotTried)) + " not tried\n";
    return page;
}

std::string Verdict::asJson() const {
    using Json = nlohmann::ordered_json;
    Json json;
    json["kernel"] = kernel;
    json["library"] = library;
    json["heap"] = heap;
    json["machine"] = machine;
    json["steps"] = Json::array();
    for (const Step& step : steps) {
        Json line{{"step", step.name}, {"outcome", wordFor(step.outcome)}, {"text", step.text}};
        if (step.outcome == Step::Outcome::NotTried)
            line["needs"] = step.needs;
        json["steps"].push_back(std::move(line));
    }
    json["ok"] = count(Step::Outcome::Ok);
    json["failed"] = count(Step::Outcome::Failed);
    json["not_possible"] = count(Step::Outcome::NotPossible);
    json["not_tried"] = count(Step::Outcome::NotTried);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace mediaheap::tool
