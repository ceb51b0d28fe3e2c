// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <utility>

#include "sync/device_side.h"
#include "sync/fence_list.h"

namespace mediaheap {

/// That of memory which no hardware sees, only other processes through the same caches: nothing to
/// sync, and nobody tells who has it. Whoever works with it may say so with a fence.
class PlainSide : public DeviceSide {
public:
    /// @p kernel must outlive this.
    PlainSide(Kernel& kernel, size_t size) : size_(size), fences_(kernel) {}

    bool needsSync() const noexcept override { return false; }
    ByteRange reach(ByteRange) const noexcept override { return {0, size_}; }
    Result<void> sync(SyncEdge, Access, ByteRange) override { return {}; }
    Result<void> settle() override { return {}; }
    Holders holders(bool exported) const override {
        return exported ? Holders::Unknown : Holders::None;
    }
    Result<bool> waitUntilIdle(Access access, std::chrono::milliseconds longest) override {
        return fences_.waitUntilIdle(access, longest);
    }
    Result<void> importFence(UniqueFd fence, Access access) override {
        return fences_.add(std::move(fence), access);
    }

private:
    const size_t size_;
    FenceList fences_;
};

} // namespace mediaheap
