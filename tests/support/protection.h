// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

namespace mediaheap::test {

/// How the @p size bytes at @p address are mapped, as /proc/self/maps says: `r--` for pages that
/// may be read; `split` where that is more than one mapping, `none` where it is not mapped.
inline std::string protectionOf(const void* address, size_t size) {
    const auto begin = reinterpret_cast<uintptr_t>(address);
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        char* after = nullptr;
        const uintptr_t start = std::strtoull(line.c_str(), &after, 16);
        const uintptr_t end = std::strtoull(after + 1, &after, 16);
        if (begin < start || begin >= end)
            continue;
        return end - begin < size ? "split" : std::string(after + 1, 3);
    }
    return "none";
}

/// Reads a byte whatever the compiler thinks of it.
inline uint8_t peek(const void* address) { return *static_cast<const volatile uint8_t*>(address); }
/// Writes one.
inline void poke(void* address, uint8_t value) { *static_cast<volatile uint8_t*>(address) = value; }

} // namespace mediaheap::test
