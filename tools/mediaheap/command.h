// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace mediaheap::tool {

/// What a command leaves behind: its exit status, from the table in mediaheap.1.
enum class Exit { Success = 0, Failure = 1, Usage = 2 };

/// Where a command puts what is to be run once the whole command line is understood.
using Runner = std::function<Exit()>;

// Each command adds itself, with its options and help, in a file pair of its own.
void addListCommand(CLI::App& app, Runner& runner);
void addPlanCommand(CLI::App& app, Runner& runner);
void addSelftestCommand(CLI::App& app, Runner& runner);
void addShowCommand(CLI::App& app, Runner& runner);
void addHoldersCommand(CLI::App& app, Runner& runner);
void addTrimCommand(CLI::App& app, Runner& runner);
void addDestroyCommand(CLI::App& app, Runner& runner);

} // namespace mediaheap::tool
