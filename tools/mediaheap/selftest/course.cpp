// SPDX-License-Identifier: LGPL-2.1-or-later
#include "course.h"

#include <algorithm>
#include <utility>

namespace mediaheap::tool {

void takeLegs(const std::vector<Leg>& legs, Verdict& verdict,
              const std::function<void(const std::string&)>& begin) {
    for (const Leg& leg : legs) {
        const auto spoilt =
            std::find_if(leg.needs.begin(), leg.needs.end(),
                         [&](const std::string& step) { return verdict.isSpoilt(step); });
        if (spoilt != leg.needs.end()) {
            for (const std::string& step : leg.steps)
                verdict.steps.push_back(Step::notTried(step, *spoilt));
            continue;
        }
        begin(leg.steps.front());
        for (Step& step : leg.run())
            verdict.steps.push_back(std::move(step));
    }
}

} // namespace mediaheap::tool
