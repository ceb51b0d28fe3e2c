// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "sync/device_side.h"

namespace mediaheap {

class Kernel;

/// That of a DMA-BUF, as the kernel knows it: DMA_BUF_IOCTL_SYNC, the references that its fdinfo
/// counts, and its implicit fences.
class DmabufSide : public DeviceSide {
public:
    /// @p fd and the kernel must outlive this.
    DmabufSide(Kernel& kernel, int fd, size_t size) : kernel_(kernel), fd_(fd), size_(size) {}

    bool needsSync() const noexcept override { return true; }
    ByteRange reach(ByteRange) const noexcept override { return {0, size_}; }
    Result<void> sync(SyncEdge edge, Access access, ByteRange range) override;
    Result<void> settle() override;
    Holders holders(bool exported) const override;
    Result<bool> waitUntilIdle(Access access, std::chrono::milliseconds longest) override;

private:
    Kernel& kernel_;
    const int fd_;
    const size_t size_;
    std::optional<uint64_t> baseline_; // the count of references while nobody else has it
};

} // namespace mediaheap
