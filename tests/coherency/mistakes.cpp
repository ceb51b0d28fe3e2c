// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mistakes.h"

namespace mediaheap::test {

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

std::vector<Mistake> mistakes() {
    std::vector<Mistake> all;
    for (const auto& list :
         {mistakesOfMissingSyncs(), mistakesOfTiming(), mistakesOfExtent(), mistakesOfNesting()})
        all.insert(all.end(), list.begin(), list.end());
    return all;
}

} // namespace mediaheap::test
