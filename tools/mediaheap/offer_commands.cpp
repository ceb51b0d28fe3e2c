// SPDX-License-Identifier: LGPL-2.1-or-later
#include <CLI/CLI.hpp>
#include <cerrno>
#include <iostream>
#include <memory>
#include <set>
#include <string>

#include <mediaheap/heap.h>

#include "command.h"
#include "kernel/file_system.h"
#include "kernel/kernel.h"
#include "process_choice.h"
#include "tables/ask_offer.h"
#include "tables/runtime_directory.h"
#include "tables/table_name.h"
#include "tables/table_scan.h"
#include "wanted_heap.h"

namespace mediaheap::tool {

namespace {

struct OfferOptions {
    std::string heap;
    std::string pid;
    bool ifAny = false;
};

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

/// What asking the processes has come to.
struct Round {
    unsigned meant = 0;       ///< heaps that were asked for, offered or not
    bool failed = false;      ///< not all of them have done it, or it cannot be told whose they are
    std::set<int64_t> others; ///< processes with heaps, of those that were not asked
};

/// Whether an unreadable table may be of somebody who is asked.
bool concerns(const UnreadableTable& table, const ProcessChoice& processes) {
    const auto name = TableName::parse(table.path.substr(table.path.rfind('/') + 1));
    return !name || processes.means({name->pid, name->startTime, {}});
}

Round askProcesses(const WantedHeap& wanted, const ProcessChoice& processes,
                   OfferOperation operation) {
    Kernel& kernel = Kernel::system();
    FileSystem& files = FileSystem::system();
    const TableScan scan = scanTables(kernel, files, tableDirectories(kernel, files));
    Round round;
    for (const UnreadableTable& one : scan.unreadable) {
        if (!concerns(one, processes))
            continue;
        std::cerr << "mediaheap: " << one.path << " is unreadable, whose heap it is of cannot be "
                  << "told: " << one.reason << "\n";
        round.failed = true;
    }
    for (const SharedHeap& heap : scan.heaps) {
        const TableContent& content = heap.content;
        if (heap.state == OwnerState::Crashed)
            continue;
        // Of those who were not asked: with --pid who has such a heap, else who has another.
        const bool meant = wanted.means(content);
        if (!meant || !processes.means(content.owner)) {
            if (meant || processes.isEverybody())
                round.others.insert(content.owner.pid);
            continue;
        }
        round.meant++;
        const std::string whose = std::to_string(content.owner.pid) + " " + content.owner.name +
                                  ": " + content.heap + ": ";
        if ((content.flags & table::offered) == 0) {
            std::cerr << "mediaheap: " << whose
                      << "its process does not offer it (offer=1 in the heap string)\n";
            round.failed = true;
            continue;
        }
        const Result<HeapOffer::Answer> answer = ask(heap, operation);
        if (!answer) {
            std::cerr << "mediaheap: " << whose << answer.error().message() << "\n";
            round.failed = true;
            continue;
        }
        std::cout << whose << (operation == OfferOperation::Destroy ? "destroyed, " : "")
                  << answer.value().bytes << " bytes given back\n";
    }
    return round;
}

/// @p asked: processes have had it, and the first of them has destroyed the node with its heap.
Exit destroyNode(const std::string& heap, bool asked, bool ifAny) {
    Result<std::shared_ptr<Heap>> opened = Heap::open(heap);
    Result<void> destroyed = opened ? opened.value()->destroy() : std::move(opened).error();
    const int code = destroyed ? 0 : destroyed.error().code;
    if (code == 0 || (asked && code == ENODEV)) {
        std::cout << heap << ": the node's heap is destroyed, until reboot\n";
        return Exit::Success;
    }
    std::cerr << "mediaheap: " << destroyed.error().message() << "\n";
    // No node, or one that somebody has destroyed before.
    const bool isThere = code != ENOENT && code != ENODEV && code != ENXIO;
    return ifAny && !isThere ? Exit::Success : Exit::Failure;
}

Exit request(const OfferOptions& options, OfferOperation operation) {
    Result<WantedHeap> parsed = WantedHeap::parse(options.heap);
    if (!parsed) {
        std::cerr << "mediaheap: " << parsed.error().message() << "\n";
        return Exit::Usage;
    }
    WantedHeap& wanted = parsed.value();
    if (wanted.isAuto()) {
        if (Result<void> resolved = wanted.resolveAuto(); !resolved) {
            std::cerr << "mediaheap: auto is no heap here: " << resolved.error().message() << "\n";
            return Exit::Failure;
        }
        std::cerr << "mediaheap: " << options.heap << " is " << wanted.text() << " here\n";
    }

    const ProcessChoice processes(options.pid);
    const Round round = askProcesses(wanted, processes, operation);
    if (round.failed)
        return Exit::Failure;
    if (wanted.isNode() && processes.isEverybody() && operation == OfferOperation::Destroy)
        return destroyNode(wanted.text(), round.meant > 0, options.ifAny);
    if (round.meant > 0)
        return Exit::Success;
    std::cerr << "mediaheap: " << processes.hasNone(wanted.text(), round.others.size()) << "\n";
    return options.ifAny ? Exit::Success : Exit::Failure;
}

// For the command line: what is wrong with a value, or nothing.

std::string heapComplaint(const std::string& text) {
    const Result<WantedHeap> heap = WantedHeap::parse(text);
    return heap ? std::string() : heap.error().message();
}

std::string pidComplaint(const std::string& text) {
    return processNumber(text) ? std::string()
                               : "'" + text + "' is no process: its number is expected, from 1 on";
}

void addCommand(CLI::App& app, Runner& runner, const char* name, const char* help,
                OfferOperation operation, const std::string& footer) {
    CLI::App* const command = app.add_subcommand(name, help);
    const auto options = std::make_shared<OfferOptions>();
    command
        ->add_option("HEAP", options->heap, "A source, or as much of a heap string as tells which")
        ->required()
        ->check(heapComplaint);
    command->add_option("--pid", options->pid, "Ask one process only")->check(pidComplaint);
    command->add_flag("--if-any", options->ifAny, "That there is no such heap is no failure");
    command->footer(footer +
                    "\n\nExit status: 0 all such heaps have done it; 1 one refused, is not "
                    "offered or did not answer, or there is none (with --if-any that is "
                    "0); 2 wrong usage.");
    command->callback([options, operation, &runner] {
        runner = [options, operation] { return request(*options, operation); };
    });
}

} // namespace

void addTrimCommand(CLI::App& app, Runner& runner) {
    addCommand(app, runner, "trim", "Has processes give the idle memory of a heap back",
               OfferOperation::Trim,
               "Asks every process that offers such a heap (offer=1 in its heap string). auto is "
               "the source that it is here.");
}

void addDestroyCommand(CLI::App& app, Runner& runner) {
    addCommand(app, runner, "destroy",
               "Has processes give a heap up for good, or destroys the MPP heap's node",
               OfferOperation::Destroy,
               "A heap with live blocks is left alone, and its process says who has them. `destroy "
               "mpp` gives the memory of ArtInChip's node back to CMA; it comes back with the next "
               "boot. auto is the source that it is here.");
}

} // namespace mediaheap::tool
