// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <mediaheap/access.h>
#include <mediaheap/unique_fd.h>

namespace mediaheap::test {

/// A dma_fence: one piece of a device's work. FakeKernel guards it.
struct FakeFence {
    bool done = false;
};
using FakeFences = std::vector<std::shared_ptr<FakeFence>>;

inline bool areDone(const FakeFences& fences) {
    return std::all_of(fences.begin(), fences.end(), [](const auto& fence) { return fence->done; });
}

/// The fences of one DMA-BUF (its dma_resv).
class FakeReservation {
public:
    void add(std::shared_ptr<FakeFence> fence, bool writes) {
        fences_.push_back({std::move(fence), writes});
    }

    /// What an access of the CPU, or a device, has to wait for: a read for writers, a write for
    /// all (dma_resv_usage_rw()).
    FakeFences pending(bool forWrite) {
        fences_.erase(std::remove_if(fences_.begin(), fences_.end(),
                                     [](const Entry& entry) { return entry.fence->done; }),
                      fences_.end());
        FakeFences found;
        for (const Entry& entry : fences_) {
            if (entry.writes || forWrite)
                found.push_back(entry.fence);
        }
        return found;
    }

private:
    struct Entry {
        std::shared_ptr<FakeFence> fence;
        bool writes;
    };
    std::vector<Entry> fences_;
};

/// A sync_file: readable once its fences are done. One end of a pair of sockets is the descriptor
/// that the program has, so that the inode tells which it is; this is the other.
struct FakeSyncFile {
    UniqueFd bell;
    FakeFences fences;
    bool rung = false;
};

} // namespace mediaheap::test
