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

} // namespace

Step Step::ok(std::string name, std::string text) {
    return {std::move(name), Outcome::Ok, std::move(text)};
}

Step Step::failed(std::string name, std::string text) {
    return {std::move(name), Outcome::Failed, std::move(text)};
}

Step Step::notPossible(std::string name, std::string text) {
    return {std::move(name), Outcome::NotPossible, std::move(text)};
}

size_t Verdict::count(Step::Outcome outcome) const {
    return static_cast<size_t>(std::count_if(
        steps.begin(), steps.end(), [&](const Step& step) { return step.outcome == outcome; }));
}

std::string Verdict::asText() const {
    std::string page = "mediaheap selftest\n";
    page += padded("kernel", outcomeWidth) + wrapped(kernel, outcomeWidth);
    page += padded("library", outcomeWidth) + wrapped(library, outcomeWidth);
    page += padded("heap", outcomeWidth) + wrapped(heap, outcomeWidth);
    page += padded("machine", outcomeWidth) + wrapped(machine, outcomeWidth);
    page += "\n";
    for (const Step& step : steps)
        page += padded(wordFor(step.outcome), outcomeWidth) + padded(step.name, nameWidth) +
                wrapped(step.text, outcomeWidth + nameWidth);
    page += "\nVerdict: " + std::to_string(count(Step::Outcome::Ok)) + " ok, " +
            std::to_string(count(Step::Outcome::Failed)) + " failed, " +
            std::to_string(count(Step::Outcome::NotPossible)) + " not possible here\n";
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
    for (const Step& step : steps)
        json["steps"].push_back(
            Json{{"step", step.name}, {"outcome", wordFor(step.outcome)}, {"text", step.text}});
    json["ok"] = count(Step::Outcome::Ok);
    json["failed"] = count(Step::Outcome::Failed);
    json["not_possible"] = count(Step::Outcome::NotPossible);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace mediaheap::tool
