// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace mediaheap {

/// What CPU accesses have cost, since the block was allocated. A sync is one call of
/// DMA_BUF_IOCTL_SYNC, or of whatever else does a source's cache maintenance; START and END are one
/// each.
///
/// Since: 0.1
struct SyncCounts {
    uint64_t issued = 0; ///< syncs made
    uint64_t saved = 0;  ///< syncs that nested and overlapping accesses did not need
    uint64_t bytes = 0;  ///< what the issued ones reached
};

/// The state of a heap at one moment; sizes in bytes, counts since the heap was opened.
///
/// Since: 0.1
struct Stats {
    uint64_t size = 0;   ///< the zone's budget
    uint64_t used = 0;   ///< bytes of live and held blocks
    uint64_t peak = 0;   ///< the most that @ref used has been
    uint64_t cached = 0; ///< bytes kept ready for reuse; they count as free
    uint64_t held = 0; ///< bytes given back to the heap that an importer still holds; part of used
    uint64_t largestFree = 0; ///< the largest block that could be allocated now
    uint64_t blocks = 0;      ///< live and held blocks
    uint64_t allocations = 0; ///< blocks handed out
    uint64_t recycled = 0;    ///< of these, how many came out of the cache
    uint64_t failures = 0;    ///< allocations refused
    uint64_t syncs = 0;       ///< DMA_BUF_IOCTL_SYNC calls issued, START and END each one
    uint64_t syncsSaved = 0;  ///< calls that nested and overlapping accesses did not need
    uint64_t bytesSynced = 0; ///< what the issued ones reached
    /// Accesses of the CPU outside those that were opened, which sanitize=1 has seen and
    /// stray=report has let go on.
    uint64_t strayAccesses = 0;
    uint64_t violations = 0; ///< mistakes that the simulated SoC has seen
};

} // namespace mediaheap
