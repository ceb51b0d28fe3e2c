// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "memory_ledger.h"

namespace mediaheap::gst {

/// The pools of one heap, so that one that gets no memory can turn to the others.
///
/// Keeps no pool alive, nor its account. Nothing of a pool is touched while the mutex is held.
///
/// Thread safety: all members may be called from any thread.
class HeapPools {
public:
    void add(const std::shared_ptr<MemoryLedger>& pool);
    void remove(const MemoryLedger& pool);

    /// Has pools other than @p asking free what they can do without, one memory after the other,
    /// those that have been at rest longest first, until @p isEnough. A pool whose memory makes no
    /// difference to @p used, since importers hold it, is left alone from then on. False when it
    /// was not enough.
    bool reclaim(const MemoryLedger& asking, const std::function<uint64_t()>& used,
                 const std::function<bool()>& isEnough) const;

    /// Which pools have how much, the most first: `'camera' 12150 KiB (3 out, 1 idle)`. Empty where
    /// none has anything.
    std::string describe() const;

private:
    using Pools = std::vector<std::shared_ptr<MemoryLedger>>;
    Pools living() const;

    mutable std::mutex mutex_;
    std::vector<std::weak_ptr<MemoryLedger>> pools_;
};

} // namespace mediaheap::gst
