// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fake_mmz.h"

#include <algorithm>
#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>

namespace mediaheap::test {

std::vector<std::string> FakeMmz::names() const {
    std::vector<std::string> names;
    for (const Block& block : blocks_)
        names.push_back(block.zone + "/" + block.name);
    return names;
}

void FakeMmz::closeDescriptors() {
    for (const Block& block : blocks_) {
        if (block.mappings > 0)
            ::munmap(block.mapped, block.size);
    }
    blocks_.clear();
}

FakeMmz::Block* FakeMmz::find(uint64_t owner, uint64_t physical) {
    for (Block& block : blocks_) {
        if (block.owner == owner && block.physical == physical)
            return &block;
    }
    return nullptr;
}

void FakeMmz::drop(uint64_t physical) {
    blocks_.remove_if([&](const Block& block) { return block.physical == physical; });
}

int FakeMmz::ioctl(uint64_t descriptor, unsigned long request, void* argument) {
    using Ioctl = MmzIoctl<uintptr_t>;
    Info& info = *static_cast<Info*>(argument);
    switch (request) {
    case Ioctl::allocate:
        return allocate(descriptor, info);
    case Ioctl::free:
        return free(descriptor, info);
    case Ioctl::map:
        return map(descriptor, info, false);
    case Ioctl::mapCached:
        return map(descriptor, info, true);
    case Ioctl::unmap:
        return unmap(descriptor, info);
    case Ioctl::flush:
        return flush(descriptor, *static_cast<MmzRange<uintptr_t>*>(argument));
    default:
        return -EINVAL;
    }
}

int FakeMmz::allocate(uint64_t owner, Info& info) {
    const auto zone = zones.find(info.zoneName);
    uint64_t used = 0;
    for (const Block& block : blocks_)
        used += block.zone == info.zoneName ? block.size : 0;
    if (zone == zones.end() || info.size == 0 || info.size > zone->second - used)
        return -ENOMEM;

    Block block;
    block.owner = owner;
    block.size = info.size;
    block.name = info.blockName;
    block.zone = info.zoneName;
    block.physical = (nextAddress + info.alignment - 1) & ~uint64_t{info.alignment - 1};
    nextAddress = block.physical + info.size;
    block.memory = UniqueFd(::memfd_create("fake-mmz", MFD_CLOEXEC));
    if (!block.memory.isValid() ||
        ::ftruncate(block.memory.get(), static_cast<off_t>(info.size)) != 0)
        return -ENOMEM;
    info.physical = static_cast<uintptr_t>(block.physical);
    blocks_.push_back(std::move(block));
    return 0;
}

int FakeMmz::map(uint64_t owner, Info& info, bool cached) {
    Block* const block = find(owner, info.physical);
    if (!block)
        return -EPERM;
    if (block->mappings == 0) {
        const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
        void* hint = nullptr;
        if (mapsOddly) { // twice the alignment that somebody may want, and a page
            const size_t room = block->size + 64 * page;
            char* const place = static_cast<char*>(
                ::mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
            ::munmap(place, room);
            const auto address = reinterpret_cast<uintptr_t>(place);
            hint = place + ((address + 32 * page - 1) & ~(32 * page - 1)) - address + page;
        }
        void* const address =
            ::mmap(hint, block->size, static_cast<int>(info.access & 0xff),
                   static_cast<int>(info.access >> 8 & 0xfff) | (hint ? MAP_FIXED : 0),
                   block->memory.get(), 0);
        if (address == MAP_FAILED)
            return -errno;
        block->mapped = address;
        block->cached = cached;
        ++(cached ? cachedMappings : uncachedMappings);
    } else if (block->cached != cached) {
        return -EINVAL;
    }
    ++block->mappings;
    info.mapped = reinterpret_cast<uintptr_t>(block->mapped);
    return 0;
}

int FakeMmz::unmap(uint64_t owner, Info& info) {
    Block* const block = find(owner, info.physical);
    if (!block)
        return -EPERM;
    if (block->mappings == 0)
        return -EIO;
    if (--block->mappings > 0)
        return 0;
    ::munmap(block->mapped, block->size);
    block->mapped = nullptr;
    info.mapped = 0;
    if (block->freeWhenUnmapped)
        drop(block->physical);
    return 0;
}

int FakeMmz::free(uint64_t owner, const Info& info) {
    Block* const block = find(owner, info.physical);
    if (!block)
        return -EPERM;
    if (block->mappings > 0) {
        block->freeWhenUnmapped = true;
        return -EBUSY;
    }
    drop(block->physical);
    return 0;
}

int FakeMmz::flush(uint64_t owner, const MmzRange<uintptr_t>& range) {
    for (const Block& block : blocks_) {
        if (block.owner != owner || range.physical < block.physical ||
            range.physical - block.physical >= block.size)
            continue;
        const uint64_t offset = range.physical - block.physical;
        if (range.mapped != reinterpret_cast<uintptr_t>(block.mapped) + offset ||
            range.size > block.size - offset)
            return -EFAULT;
        flushes.push_back({block.physical, offset, range.size});
        return 0;
    }
    return -EFAULT;
}

} // namespace mediaheap::test
