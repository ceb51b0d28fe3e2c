// SPDX-License-Identifier: LGPL-2.1-or-later
#include "refusal.h"

namespace mediaheap::tool {

bool namesHolder(const std::string& refusal, const std::string& name, size_t blocks) {
    const std::string quoted = "'" + name + "' ";
    const std::string rest =
        " KiB in " + std::to_string(blocks) + (blocks == 1 ? " block" : " blocks");
    for (size_t at = refusal.find(quoted); at != std::string::npos;
         at = refusal.find(quoted, at + 1)) {
        const size_t digits = at + quoted.size();
        const size_t end = refusal.find_first_not_of("0123456789", digits);
        if (end == std::string::npos || end == digits)
            continue;
        // A longer word than `block` is another one.
        const size_t behind = end + rest.size();
        if (refusal.compare(end, rest.size(), rest) == 0 &&
            (behind >= refusal.size() || refusal[behind] != 's'))
            return true;
    }
    return false;
}

bool leavesHoldersOut(const std::string& refusal) {
    return refusal.find(" more names") != std::string::npos;
}

} // namespace mediaheap::tool
