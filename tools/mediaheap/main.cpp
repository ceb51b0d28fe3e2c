// SPDX-License-Identifier: LGPL-2.1-or-later
#include <CLI/CLI.hpp>
#include <iostream>

#include "command.h"

using mediaheap::tool::Exit;
using mediaheap::tool::Runner;

int main(int argc, char** argv) {
    CLI::App app("Inspects the media heaps of this machine.\n", "mediaheap");
    app.set_version_flag("--version", "mediaheap " MEDIAHEAP_VERSION);
    // At least one is checked below: CLI11 would report an unknown command as a missing one.
    app.require_subcommand(0, 1);
    app.footer("`mediaheap COMMAND --help` explains a command; mediaheap(1) has the rest.");

    Runner runner;
    mediaheap::tool::addListCommand(app, runner);
    mediaheap::tool::addPlanCommand(app, runner);
    mediaheap::tool::addSelftestCommand(app, runner);
    mediaheap::tool::addShowCommand(app, runner);
    mediaheap::tool::addHoldersCommand(app, runner);
    mediaheap::tool::addTrimCommand(app, runner);
    mediaheap::tool::addDestroyCommand(app, runner);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        // Help and version arrive here too, and are no mistake.
        if (app.exit(error) == 0)
            return static_cast<int>(Exit::Success);
        return static_cast<int>(Exit::Usage);
    }
    if (!runner) {
        std::cerr << app.help();
        return static_cast<int>(Exit::Usage);
    }
    const Exit status = runner();
    std::cout.flush();
    if (!std::cout) {
        std::cerr << "mediaheap: the output could not be written\n";
        return static_cast<int>(Exit::Failure);
    }
    return static_cast<int>(status);
}
