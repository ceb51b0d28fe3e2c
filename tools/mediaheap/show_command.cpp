// SPDX-License-Identifier: LGPL-2.1-or-later
#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <string>

#include "command.h"
#include "kernel/file_system.h"
#include "kernel/kernel.h"
#include "show_output.h"

namespace mediaheap::tool {

namespace {

struct ShowOptions {
    std::string process;
    bool json = false;
    bool mediaMem = false;
    bool sweep = false;
    std::string svg;
};

Shown look(const std::string& process) {
    Kernel& kernel = Kernel::system();
    FileSystem& files = FileSystem::system();
    Shown shown;
    shown.directories = tableDirectories(kernel, files);
    TableScan scan = scanTables(kernel, files, shown.directories);
    shown.asked = ProcessChoice(process);
    shown.unreadable = std::move(scan.unreadable);
    std::set<int64_t> others;
    for (SharedHeap& heap : scan.heaps) {
        const ProcessIdentity& owner = heap.content.owner;
        if (!shown.asked.means(owner)) {
            if (heap.state != OwnerState::Crashed)
                others.insert(owner.pid);
            continue;
        }
        const bool another = shown.processes.empty() ||
                             shown.processes.back().owner.pid != owner.pid ||
                             shown.processes.back().owner.startTime != owner.startTime;
        if (another)
            shown.processes.push_back({owner, heap.state, {}});
        shown.processes.back().heaps.push_back(std::move(heap.content));
    }
    shown.others = others.size();
    shown.machine = Machine::look(kernel);
    return shown;
}

Exit show(const ShowOptions& options) {
    const Shown shown = look(options.process);
    if (options.json) {
        printShownJson(std::cout, shown);
    } else if (options.mediaMem) {
        for (const ShownProcess& process : shown.processes)
            std::cout << mediaMemOf(process);
    } else if (options.svg.empty() || options.svg != "-") {
        printShownText(std::cout, shown);
    }
    bool failed = false;
    for (const UnreadableTable& one : shown.unreadable) {
        std::cerr << "mediaheap: " << one.path << " is unreadable: " << one.reason << "\n";
        failed = true;
    }
    if (!shown.asked.isEverybody() && shown.processes.empty()) {
        std::cerr << "mediaheap: " << shown.asked.hasNone({}, shown.others) << "\n";
        failed = true;
    }
    if (options.svg == "-") {
        std::cout << drawMap(shown);
    } else if (!options.svg.empty()) {
        std::ofstream file(options.svg);
        file << drawMap(shown);
        file.close();
        if (!file) {
            std::cerr << "mediaheap: " << options.svg << " could not be written\n";
            failed = true;
        }
    }
    if (options.sweep) {
        const size_t removed =
            sweepTables(Kernel::system(), FileSystem::system(), shown.directories);
        std::cerr << "mediaheap: removed the tables of " << removed
                  << (removed == 1 ? " heap" : " heaps") << " that crashed processes have left\n";
    }
    return failed ? Exit::Failure : Exit::Success;
}

} // namespace

void addShowCommand(CLI::App& app, Runner& runner) {
    CLI::App* const command = app.add_subcommand(
        "show", "Shows who has what of the heaps of all processes, live or crashed");
    const auto options = std::make_shared<ShowOptions>();
    CLI::Option* const process = command->add_option(
        "PROCESS", options->process, "Show one process only, by its number or name");
    CLI::Option* const json = command->add_flag("--json", options->json, "Print JSON for programs");
    command
        ->add_flag(
            "--media-mem", options->mediaMem,
            "Print the text of /proc/media-mem alone, as scripts for HiSilicon's boards read "
            "it")
        ->excludes(json);
    command->add_option("--svg", options->svg,
                        "Draw a map of every zone into this file ('-' for the standard output, "
                        "instead of the text)");
    command
        ->add_flag("--sweep", options->sweep,
                   "Remove what crashed processes have left, once it was shown")
        ->excludes(process);
    command->footer("One section for each process, in the format of HiSilicon's /proc/media-mem. "
                    "Lines that begin with # are ours.");
    command->callback([options, &runner] { runner = [options] { return show(*options); }; });
}

} // namespace mediaheap::tool
