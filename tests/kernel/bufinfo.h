// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mediaheap::test {

/// One DMA-BUF as the kernel lists it in /sys/kernel/debug/dma_buf/bufinfo.
struct BufinfoEntry {
    unsigned long long size = 0;
    long count = 0;
    std::string exporter;
    unsigned long long inode = 0;
    std::string name; ///< empty where the kernel shows `<none>`
};

/// All DMA-BUFs of the machine; fails the test where the kernel does not list them.
std::vector<BufinfoEntry> readBufinfo();

/// The one with @p inode.
std::optional<BufinfoEntry> findInBufinfo(unsigned long long inode);

/// The inode of a descriptor.
unsigned long long inodeOf(int fd);

} // namespace mediaheap::test
