// SPDX-License-Identifier: LGPL-2.1-or-later
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <mediaheap/heap.h>

#include "command.h"
#include "kernel/file_system.h"
#include "kernel/kernel.h"
#include "tables/ask_offer.h"
#include "tables/runtime_directory.h"
#include "tables/table_name.h"
#include "tables/table_scan.h"

namespace mediaheap::tool {

namespace {

struct OfferOptions {
    std::string heap;
    int64_t pid = 0;
};

/// `udmabuf` means every heap of that source, `udmabuf,zone=camera` and the whole string those
/// whose keys agree: every part of @p wanted stands in @p heap.
bool means(const std::string& wanted, const std::string& heap) {
    const auto parts = [](const std::string& text) {
        std::vector<std::string> found;
        for (size_t at = 0; at <= text.size();) {
            const size_t comma = std::min(text.find(',', at), text.size());
            found.push_back(text.substr(at, comma - at));
            at = comma + 1;
        }
        return found;
    };
    const std::vector<std::string> has = parts(heap);
    const std::vector<std::string> asked = parts(wanted);
    if (has.front() != asked.front() &&
        has.front().substr(0, has.front().find(':')) != asked.front())
        return false;
    for (size_t n = 1; n < asked.size(); n++) {
        if (std::find(has.begin() + 1, has.end(), asked[n]) == has.end())
            return false;
    }
    return true;
}

Result<HeapOffer::Answer> ask(const SharedHeap& heap, OfferOperation operation) {
    FileSystem& files = FileSystem::system();
    const Result<RuntimeDirectory> directory = RuntimeDirectory::look(files, heap.directory);
    if (!directory)
        return directory.error();
    TableName socket;
    socket.pid = heap.content.owner.pid;
    socket.startTime = heap.content.owner.startTime;
    socket.pidNamespace = heap.content.pidNamespace;
    return askOffer(files, directory->fd(), socket.text(), heap.content.number, operation);
}

/// The node of ArtInChip's MPP heap, which belongs to no process.
bool isNode(const std::string& heap) { return heap.substr(0, heap.find_first_of(":,")) == "mpp"; }

Exit destroyNode(const std::string& heap) {
    Result<std::shared_ptr<Heap>> opened = Heap::open(heap);
    Result<void> destroyed = opened ? opened.value()->destroy() : std::move(opened).error();
    if (!destroyed) {
        std::cerr << "mediaheap: " << destroyed.error().message() << "\n";
        return Exit::Failure;
    }
    std::cout << heap << ": the node's heap is destroyed, until reboot\n";
    return Exit::Success;
}

Exit request(const OfferOptions& options, OfferOperation operation) {
    Kernel& kernel = Kernel::system();
    FileSystem& files = FileSystem::system();
    const TableScan scan = scanTables(kernel, files, tableDirectories(kernel, files));
    unsigned asked = 0;
    unsigned silent = 0;
    bool failed = false;
    for (const SharedHeap& heap : scan.heaps) {
        const TableContent& content = heap.content;
        if (heap.state == OwnerState::Crashed || !means(options.heap, content.heap) ||
            (options.pid != 0 && options.pid != content.owner.pid))
            continue;
        const std::string whose = std::to_string(content.owner.pid) + " " + content.owner.name +
                                  ": " + content.heap + ": ";
        if ((content.flags & table::offered) == 0) {
            std::cerr << "mediaheap: " << whose
                      << "its process does not offer it (offer=1 in the heap string)\n";
            silent++;
            continue;
        }
        asked++;
        const Result<HeapOffer::Answer> answer = ask(heap, operation);
        if (!answer) {
            std::cerr << "mediaheap: " << whose << answer.error().message() << "\n";
            failed = true;
            continue;
        }
        std::cout << whose << (operation == OfferOperation::Destroy ? "destroyed, " : "")
                  << answer.value().bytes << " bytes given back\n";
    }
    if (failed)
        return Exit::Failure;
    if (isNode(options.heap) && options.pid == 0 && operation == OfferOperation::Destroy)
        return destroyNode(options.heap);
    if (asked > 0)
        return Exit::Success;
    if (silent == 0)
        std::cerr << "mediaheap: no process has a heap " << options.heap
                  << " open that is seen here; `mediaheap show` lists those that have\n";
    return Exit::Failure;
}

void addCommand(CLI::App& app, Runner& runner, const char* name, const char* help,
                OfferOperation operation, const char* footer) {
    CLI::App* const command = app.add_subcommand(name, help);
    const auto options = std::make_shared<OfferOptions>();
    command
        ->add_option("HEAP", options->heap, "A source, or as much of a heap string as tells which")
        ->required();
    command->add_option("--pid", options->pid, "Ask one process only");
    command->footer(footer);
    command->callback([options, operation, &runner] {
        runner = [options, operation] { return request(*options, operation); };
    });
}

} // namespace

void addTrimCommand(CLI::App& app, Runner& runner) {
    addCommand(app, runner, "trim", "Has processes give the idle memory of a heap back",
               OfferOperation::Trim,
               "Asks every process that offers such a heap (offer=1 in its heap string).");
}

void addDestroyCommand(CLI::App& app, Runner& runner) {
    addCommand(app, runner, "destroy",
               "Has processes give a heap up for good, or destroys the MPP heap's node",
               OfferOperation::Destroy,
               "A heap with live blocks is left alone, and its process says who has them. `destroy "
               "mpp` gives the memory of ArtInChip's node back to CMA; it comes back with the next "
               "boot.");
}

} // namespace mediaheap::tool
