// SPDX-License-Identifier: LGPL-2.1-or-later
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <mediaheap/heap.h>

#include "command.h"

namespace mediaheap::tool {

namespace {

/// What `auto` opens here, or why it opens nothing.
struct AutoAnswer {
    std::string heap;
    std::string error;
};

AutoAnswer askAuto() {
    const auto heap = Heap::open("auto");
    if (!heap)
        return {{}, heap.error().message()};
    return {heap.value()->description(), {}};
}

void printTable(const std::vector<SourceInfo>& sources, const AutoAnswer& answer) {
    size_t width = 0;
    for (const SourceInfo& source : sources)
        width = std::max(width, source.heap.size());
    const auto column = static_cast<int>(width + 2);

    std::cout << std::left << std::setw(column) << "SOURCE"
              << "USABLE  DMA-BUF  CONTIGUOUS  CPU CACHE  WHAT IT IS\n";
    for (const SourceInfo& source : sources) {
        std::cout << std::setw(column) << source.heap << std::setw(8)
                  << (source.usable ? "yes" : "no") << std::setw(9)
                  << (source.dmabuf ? "yes" : "no") << std::setw(12)
                  << (source.contiguous ? "yes" : "no") << std::setw(11)
                  << (source.cached ? "cached" : "uncached") << source.summary << "\n";
        if (!source.usable)
            std::cout << "    " << source.reason << "\n";
    }

    const char* const chosen = std::getenv("MEDIAHEAP_DEFAULT");
    if (answer.heap.empty())
        std::cout << "\nauto opens nothing here: " << answer.error << "\n";
    else if (chosen && *chosen)
        std::cout << "\nauto is " << answer.heap << ", as MEDIAHEAP_DEFAULT says\n";
    else
        std::cout << "\nauto is " << answer.heap
                  << " here: the first usable one that it considers\n";
}

void printJson(const std::vector<SourceInfo>& sources, const AutoAnswer& answer) {
    using Json = nlohmann::ordered_json;
    Json list = Json::array();
    for (const SourceInfo& source : sources) {
        Json item;
        item["heap"] = source.heap;
        item["summary"] = source.summary;
        item["usable"] = source.usable;
        item["reason"] = source.reason;
        item["dmabuf"] = source.dmabuf;
        item["contiguous"] = source.contiguous;
        item["cached"] = source.cached;
        item["automatic"] = source.automatic;
        list.push_back(std::move(item));
    }
    Json document;
    document["sources"] = std::move(list);
    document["auto"] = answer.heap.empty() ? Json() : Json(answer.heap);
    std::cout << document.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

} // namespace

void addListCommand(CLI::App& app, Runner& runner) {
    CLI::App* const command = app.add_subcommand(
        "list", "Lists every source of heap memory on this machine: usable, or why not");
    const auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "Print JSON for programs");
    command->footer("Each source is tried with one page. The order is the one in which `auto` "
                    "prefers them.");
    command->callback([json, &runner] {
        runner = [json] {
            const std::vector<SourceInfo> sources = Heap::sources();
            const AutoAnswer answer = askAuto();
            *json ? printJson(sources, answer) : printTable(sources, answer);
            return answer.heap.empty() ? Exit::Failure : Exit::Success;
        };
    });
}

} // namespace mediaheap::tool
