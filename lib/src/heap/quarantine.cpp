// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/quarantine.h"

#include <algorithm>
#include <iterator>

namespace mediaheap {

std::vector<Backing> Quarantine::poll() {
    const auto freed =
        std::stable_partition(held_.begin(), held_.end(), [](const Backing& backing) {
            return backing.holders() != Holders::None;
        });
    std::vector<Backing> result(std::make_move_iterator(freed),
                                std::make_move_iterator(held_.end()));
    held_.erase(freed, held_.end());
    return result;
}

} // namespace mediaheap
