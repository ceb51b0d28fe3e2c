// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>

#include "sync/device_side.h"

namespace mediaheap {

/// That of memory which no hardware sees, only other processes through the same caches: nothing to
/// sync, and nobody tells who has it.
class PlainSide : public DeviceSide {
public:
    explicit PlainSide(size_t size) : size_(size) {}

    bool needsSync() const noexcept override { return false; }
    ByteRange reach(ByteRange) const noexcept override { return {0, size_}; }
    Result<void> sync(SyncEdge, Access, ByteRange) override { return {}; }
    Result<void> settle() override { return {}; }
    Holders holders(bool exported) const override {
        return exported ? Holders::Unknown : Holders::None;
    }
    Result<bool> waitUntilIdle(Access, std::chrono::milliseconds) override { return true; }

private:
    const size_t size_;
};

} // namespace mediaheap
