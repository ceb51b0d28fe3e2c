// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "heap/backing.h"

namespace mediaheap {

/// Memory that was given back while an importer still holds it. Nothing signals the end of that, so
/// it is polled whenever the heap is asked for memory or for its state.
///
/// Thread safety: none; HeapCore locks.
class Quarantine {
public:
    void put(Backing backing) { held_.push_back(std::move(backing)); }

    /// Takes out what nobody holds any more.
    std::vector<Backing> poll();

    /// Takes out everything, held or not.
    std::vector<Backing> takeAll() { return std::move(held_); }

    bool isEmpty() const noexcept { return held_.empty(); }

    template <typename Visit> void forEach(Visit visit) const {
        for (const Backing& backing : held_)
            visit(backing);
    }

private:
    std::vector<Backing> held_;
};

} // namespace mediaheap
