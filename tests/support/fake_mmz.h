// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <vector>

#include <mediaheap/unique_fd.h>

#include "sources/mmz_uapi.h"

namespace mediaheap::test {

/// An emulation of /dev/mmz_userdev on ordinary memory: zones, the blocks of each open descriptor,
/// and the ioctls of a program as long as this one.
///
/// Thread safety: none; FakeKernel locks.
class FakeMmz {
public:
    struct Flush {
        uint64_t block = 0; ///< its physical address
        uint64_t offset = 0;
        uint64_t size = 0;
    };

    std::map<std::string, uint64_t> zones; ///< name -> bytes
    uint64_t nextAddress = 0x44000000;
    bool mapsOddly = false; ///< at addresses that are multiples of a page and of nothing more

    size_t blocks() const { return blocks_.size(); }
    std::vector<std::string> names() const;
    std::vector<Flush> flushes;
    /// Mappings of that kind so far.
    unsigned cachedMappings = 0;
    unsigned uncachedMappings = 0;

    /// As when the processes end.
    void closeDescriptors();

    int ioctl(uint64_t descriptor, unsigned long request, void* argument);

private:
    using Info = MmbInfo<uintptr_t>;
    struct Block {
        uint64_t owner = 0; ///< identity of the descriptor
        uint64_t physical = 0;
        size_t size = 0;
        std::string name;
        std::string zone;
        UniqueFd memory;
        void* mapped = nullptr;
        unsigned mappings = 0;
        bool cached = false;
        bool freeWhenUnmapped = false;
    };

    Block* find(uint64_t owner, uint64_t physical);
    void drop(uint64_t physical);
    int allocate(uint64_t owner, Info& info);
    int map(uint64_t owner, Info& info, bool cached);
    int unmap(uint64_t owner, Info& info);
    int free(uint64_t owner, const Info& info);
    int flush(uint64_t owner, const MmzRange<uintptr_t>& range);

    std::list<Block> blocks_;
};

} // namespace mediaheap::test
