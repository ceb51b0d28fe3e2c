// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bufinfo.h"

#include <fstream>
#include <sstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

namespace mediaheap::test {

namespace {

constexpr const char* bufinfoPath = "/sys/kernel/debug/dma_buf/bufinfo";

} // namespace

std::vector<BufinfoEntry> readBufinfo() {
    std::ifstream file(bufinfoPath);
    if (!file) {
        ADD_FAILURE() << bufinfoPath << " cannot be read: is debugfs mounted?";
        return {};
    }
    // "size flags mode count exp_name ino name" with the numbers of size, flags, mode and inode in
    // this order: decimal, hex, hex, decimal (drivers/dma-buf/dma-buf.c, dma_buf_debug_show()).
    std::vector<BufinfoEntry> entries;
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        BufinfoEntry entry;
        std::string flags;
        std::string mode;
        if (!(fields >> entry.size >> flags >> mode >> entry.count >> entry.exporter >>
              entry.inode))
            continue;
        std::getline(fields >> std::ws, entry.name);
        if (entry.name == "<none>")
            entry.name.clear();
        entries.push_back(entry);
    }
    return entries;
}

std::optional<BufinfoEntry> findInBufinfo(unsigned long long inode) {
    for (const BufinfoEntry& entry : readBufinfo()) {
        if (entry.inode == inode)
            return entry;
    }
    return std::nullopt;
}

unsigned long long inodeOf(int fd) {
    struct ::stat status {};
    EXPECT_EQ(::fstat(fd, &status), 0);
    return status.st_ino;
}

} // namespace mediaheap::test
