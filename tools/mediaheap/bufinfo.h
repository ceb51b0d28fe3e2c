// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <istream>
#include <map>
#include <string>
#include <vector>

namespace mediaheap::tool {

/// What the kernel lists of a DMA-BUF in /sys/kernel/debug/dma_buf/bufinfo.
struct BufinfoEntry {
    uint64_t size = 0;
    long count = 0;
    std::string exporter;
    std::string name;                 ///< empty for none
    std::vector<std::string> devices; ///< that are attached: importers
};

/// By inode. Linux, drivers/dma-buf/dma-buf.c, dma_buf_debug_show().
std::map<uint64_t, BufinfoEntry> readBufinfo(std::istream& in);

} // namespace mediaheap::tool
