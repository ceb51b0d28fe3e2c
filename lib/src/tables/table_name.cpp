// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tables/table_name.h"

#include <cinttypes>
#include <cstdio>

namespace mediaheap {

std::string TableName::text() const {
    const std::string process =
        std::to_string(pid) + "." + std::to_string(startTime) + "." + std::to_string(pidNamespace);
    return number ? process + "." + std::to_string(*number) + ".heap" : process + ".sock";
}

std::optional<TableName> TableName::parse(const std::string& text) {
    TableName name;
    uint32_t number = 0;
    if (std::sscanf(text.c_str(), "%" SCNd64 ".%" SCNu64 ".%" SCNu64 ".%" SCNu32, &name.pid,
                    &name.startTime, &name.pidNamespace, &number) == 4)
        name.number = number;
    // The one spelling that the writer has; sscanf() takes more.
    if (name.pid <= 0 || name.text() != text)
        return std::nullopt;
    return name;
}

} // namespace mediaheap
