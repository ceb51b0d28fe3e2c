// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace mediaheap {

/// Where some code of this process comes from.
struct CodeLocation {
    static constexpr size_t longestPath = 512;

    char module[longestPath] = ""; ///< path of the program or library, cut where longer
    uint64_t address = 0;          ///< in that module, as its symbols and addr2line count
};

/// Looks @p code up in /proc/self/maps. False where it lies in no module, or /proc is not mounted.
///
/// Safe in a signal handler: it takes no lock, whatever the interrupted code was doing, which
/// dladdr() and dl_iterate_phdr() do not promise.
bool locateCode(const void* code, CodeLocation& location) noexcept;

} // namespace mediaheap
