// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "plan_output.h"

namespace mediaheap::tool {

namespace {

using Json = nlohmann::ordered_json;
using plan::Event;
using plan::Plan;
using plan::SearchResult;
using plan::Sequence;

Json itemJson(const plan::Item& item) {
    Json json;
    json["name"] = item.name;
    json["kind"] = item.kind;
    json["from"] = item.from == plan::From::Heap ? "heap" : "cma";
    json["bytes"] = item.bytes();
    json["formula"] = item.formula;
    json["source"] = item.source;
    json["blocks"] = Json::array();
    for (const plan::Part& part : item.parts)
        json["blocks"].push_back(
            Json{{"what", part.what}, {"bytes", part.bytes}, {"count", part.count}});
    return json;
}

Json blockJson(const Plan& plan, const Sequence& sequence, const plan::Placed& block) {
    const plan::BlockClass& is = sequence.classes[block.ofClass];
    return Json{
        {"name", is.name}, {"offset", block.first * plan.page}, {"length", is.pages * plan.page}};
}

Json modeJson(const Plan& plan, size_t step) {
    return plan.file.modes.empty() ? Json() : Json(plan.file.modes[plan.file.order[step]].name);
}

Json counterexampleJson(const Plan& plan, const Sequence& sequence,
                        const plan::Counterexample& found) {
    Json json;
    json["events"] = Json::array();
    for (const Event& event : found.events) {
        if (event.kind == Event::Kind::Mode)
            json["events"].push_back(Json{{"begin", modeJson(plan, event.step)}});
        else
            json["events"].push_back(
                Json{{event.kind == Event::Kind::Allocate ? "allocate" : "free",
                      blockJson(plan, sequence, event.block)}});
    }
    json["mode"] = modeJson(plan, found.step);
    json["missing"] = sequence.classes[found.ofClass].name;
    json["missing_bytes"] = sequence.classes[found.ofClass].pages * plan.page;
    json["free"] = found.freePages * plan.page;
    json["largest_free"] = found.largestGap * plan.page;
    json["live"] = Json::array();
    for (const plan::Placed& block : found.live)
        json["live"].push_back(blockJson(plan, sequence, block));
    return json;
}

Json searchJson(const Plan& plan, const Sequence& sequence, const SearchResult& result) {
    Json json;
    json["heap"] = sequence.zonePages * plan.page;
    json["fits"] = result.fits;
    json["exhaustive"] = result.exhaustive;
    json["states"] = result.states;
    json["samples"] = result.samples;
    json["seed"] = result.exhaustive ? Json() : Json(result.seed);
    json["counterexample"] =
        result.counterexample ? counterexampleJson(plan, sequence, *result.counterexample) : Json();
    return json;
}

} // namespace

std::string planAsJson(const Plan& plan, const std::string& measured) {
    Json json;
    if (!measured.empty())
        json["measured"] = Json::parse(measured, nullptr, false);
    json["items"] = Json::array();
    for (const plan::Item& item : plan.file.items)
        json["items"].push_back(itemJson(item));
    json["page"] = plan.page;
    json["largest_mode"] = plan.largestMode;
    json["heap_given"] = plan.givenHeap ? Json(*plan.givenHeap) : Json();
    json["too_large"] = Json::array();
    for (const plan::TooLarge& mode : plan.tooLarge)
        json["too_large"].push_back(
            Json{{"mode", mode.mode.empty() ? Json() : Json(mode.mode)}, {"bytes", mode.bytes}});
    json["fits"] = plan.fits();
    json["heap"] = plan.result.fits ? Json(plan.heap) : Json();
    json["tried_up_to"] = plan.triedUpTo;
    json["others"] = plan.others;
    json["margin"] = plan.cma ? Json(plan.margin) : Json();
    json["cma"] = plan.cma ? Json(*plan.cma) : Json();
    json["sequence"] = Json::array();
    for (const size_t mode : plan.file.order)
        json["sequence"].push_back(plan.file.modes[mode].name);
    const char* const releases[] = {"first", "items", "blocks"};
    json["free"] = releases[static_cast<size_t>(plan.sequence.release)];
    json["searches"] = Json::array();
    if (plan.tightResult)
        json["searches"].push_back(searchJson(plan, plan.tightSequence, *plan.tightResult));
    if (plan.hasBlocks() && (plan.tooLarge.empty() || plan.result.fits))
        json["searches"].push_back(searchJson(plan, plan.sequence, plan.result));
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace mediaheap::tool
