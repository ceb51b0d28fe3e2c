// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "verdict.h"

namespace mediaheap::tool {

/// Steps that are taken together.
struct Leg {
    std::vector<std::string> steps;
    /// In the order in which these need each other: the first that failed is what is told.
    std::vector<std::string> needs;
    std::function<std::vector<Step>()> run;
};

/// Takes the legs one after the other, and leaves those out that need a step which has failed.
/// @p begin is called with the name of each that is taken.
void takeLegs(const std::vector<Leg>& legs, Verdict& verdict,
              const std::function<void(const std::string&)>& begin);

} // namespace mediaheap::tool
