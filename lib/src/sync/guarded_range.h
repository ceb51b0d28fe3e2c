// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sync/access_record.h"
#include "sync/signal_lock.h"
#include "sync/stray_policy.h"

namespace mediaheap {

class Kernel;

/// What the handler of stray accesses has to know of a guarded mapping. Never freed, only used
/// again, since the handler may look at any of them at any time.
struct GuardedRange {
    std::atomic<uintptr_t> begin{0}; ///< 0: describes nothing now
    std::atomic<size_t> size{0};

    SignalLock lock; ///< for all that follows

    Kernel* kernel = nullptr;
    int protection = 0; ///< of the mapping, as mprotect(2) knows it
    bool writable = true;
    StrayPolicy policy = StrayPolicy::Abort;
    std::atomic<unsigned>* strays = nullptr; ///< counts what was let through
    bool live = false;                       ///< a block has the memory
    char block[32] = "";                     ///< name of the block that has it, or had it last
    char heap[192] = "";                     ///< heap string, cut where longer
    AccessRecord oldest;                     ///< of the open accesses
    AccessRecord ended;                      ///< the last one that did

    bool isAt(uintptr_t address) const noexcept {
        const uintptr_t first = begin.load(std::memory_order_acquire);
        return first != 0 && address >= first && address - first < size.load();
    }

    /// One that is free, for the caller until he gives it back.
    static GuardedRange& claim();
    /// Describes nothing from now on.
    void release();

    /// The one that @p address lies in, or nullptr; to be asked again with the lock. Takes no lock.
    static GuardedRange* find(uintptr_t address) noexcept;
};

} // namespace mediaheap
