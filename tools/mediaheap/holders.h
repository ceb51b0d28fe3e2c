// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mediaheap::tool {

/// What one process has of a buffer.
struct Holder {
    int64_t pid = 0;
    std::string process;
    std::vector<int> fds;
    unsigned mappings = 0;
};

/// A DMA-BUF, or a memfd where the heap's source has no DMA-BUFs; everybody's descriptors of it
/// have the same inode.
struct HeldBuffer {
    bool dmabuf = false;
    uint64_t inode = 0;
    std::string name;
    std::optional<uint64_t> size;
    std::string exporter;      ///< empty where the kernel did not say
    std::optional<long> count; ///< the kernel's count of references; a memfd has none
    std::vector<Holder> holders;
    std::vector<std::string> devices; ///< importers that are attached

    /// References that are neither a descriptor nor a mapping of a process that was seen.
    long unexplained() const;
};

/// Everything there is, and what could not be seen.
struct HeldBuffers {
    std::vector<HeldBuffer> buffers; ///< DMA-BUFs first, by inode
    unsigned hiddenProcesses = 0;    ///< into which this user may not look
    std::string bufinfoError;        ///< why importers are not known; empty where they are

    static HeldBuffers look();
};

} // namespace mediaheap::tool
