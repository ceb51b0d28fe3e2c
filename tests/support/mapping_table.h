// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace mediaheap::test {

/// The mappings of a program as mmap and munmap have made them: a mapping over another replaces
/// what it covers, unmapping the middle leaves two. Each carries the identity of what it maps.
///
/// Thread safety: none; the owner locks.
class MappingTable {
public:
    static constexpr uint64_t anonymous = 0;

    void map(const void* address, size_t size, uint64_t identity);
    void unmap(const void* address, size_t size);

    /// Separate mappings of @p identity: what the kernel counts as references to the file.
    size_t count(uint64_t identity) const;
    size_t count() const { return mappings_.size(); }
    /// How far into the one mapping of @p identity that has them @p size bytes at @p address are.
    std::optional<uint64_t> offsetIn(uint64_t identity, uint64_t address, uint64_t size) const;
    /// One line for each mapping.
    std::string text() const;

private:
    struct Mapping {
        uintptr_t end = 0;
        uint64_t identity = anonymous;
    };

    std::map<uintptr_t, Mapping> mappings_; // start -> mapping
};

} // namespace mediaheap::test
