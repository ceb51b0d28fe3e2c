// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bufinfo.h"

#include <sstream>

namespace mediaheap::tool {

std::map<uint64_t, BufinfoEntry> readBufinfo(std::istream& in) {
    std::map<uint64_t, BufinfoEntry> entries;
    BufinfoEntry* entry = nullptr;
    bool devices = false;
    for (std::string line; std::getline(in, line);) {
        // Of a buffer's paragraph only the first line begins without a tab.
        if (!line.empty() && line[0] >= '0' && line[0] <= '9') {
            std::istringstream fields(line);
            BufinfoEntry found;
            std::string flags;
            std::string mode;
            uint64_t inode = 0;
            devices = false;
            entry = nullptr;
            if (!(fields >> found.size >> flags >> mode >> found.count >> found.exporter >> inode))
                continue;
            std::getline(fields >> std::ws, found.name);
            if (found.name == "<none>")
                found.name.clear();
            entry = &(entries[inode] = found);
        } else if (line.find("Attached Devices:") != std::string::npos) {
            devices = true;
        } else if (line.rfind("Total", 0) == 0) {
            devices = false;
        } else if (devices && entry && line.size() > 1 && line[0] == '\t') {
            entry->devices.push_back(line.substr(1));
        }
    }
    return entries;
}

} // namespace mediaheap::tool
