// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mapping_table.h"

#include <cstdio>
#include <iterator>
#include <utility>

namespace mediaheap::test {

void MappingTable::map(const void* address, size_t size, uint64_t identity) {
    unmap(address, size);
    const auto start = reinterpret_cast<uintptr_t>(address);
    mappings_[start] = {start + size, identity};
}

void MappingTable::unmap(const void* address, size_t size) {
    const auto start = reinterpret_cast<uintptr_t>(address);
    const uintptr_t end = start + size;
    auto mapping = mappings_.lower_bound(start);
    if (mapping != mappings_.begin() && std::prev(mapping)->second.end > start)
        --mapping;
    while (mapping != mappings_.end() && mapping->first < end) {
        const auto [oldStart, old] = *mapping;
        mapping = mappings_.erase(mapping);
        if (oldStart < start)
            mappings_[oldStart] = {start, old.identity};
        if (old.end > end)
            mappings_[end] = old;
    }
}

size_t MappingTable::count(uint64_t identity) const {
    size_t found = 0;
    for (const auto& [start, mapping] : mappings_)
        found += mapping.identity == identity;
    return found;
}

std::optional<uint64_t> MappingTable::offsetIn(uint64_t identity, uint64_t address,
                                               uint64_t size) const {
    for (const auto& [start, mapping] : mappings_) {
        if (mapping.identity == identity && start <= address && address <= mapping.end &&
            size <= mapping.end - address)
            return address - start;
    }
    return std::nullopt;
}

std::string MappingTable::text() const {
    std::string lines;
    for (const auto& [start, mapping] : mappings_) {
        char line[96];
        std::snprintf(line, sizeof line, "%#zx-%#zx inode %llu\n", static_cast<size_t>(start),
                      static_cast<size_t>(mapping.end),
                      static_cast<unsigned long long>(mapping.identity));
        lines += line;
    }
    return lines;
}

} // namespace mediaheap::test
