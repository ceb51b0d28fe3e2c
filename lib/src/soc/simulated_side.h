// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <utility>

#include "soc/simulated_buffer.h"
#include "sync/device_side.h"

namespace mediaheap {

class Kernel;

/// That of a simulated block: its syncs move lines between the two views.
class SimulatedSide : public DeviceSide {
public:
    /// @p fd is the block's descriptor; it and the kernel must outlive this.
    SimulatedSide(Kernel& kernel, int fd, std::shared_ptr<SimulatedBuffer> buffer)
        : kernel_(kernel), fd_(fd), buffer_(std::move(buffer)) {}

    bool needsSync() const noexcept override { return buffer_->isCached(); }
    ByteRange reach(ByteRange range) const noexcept override { return buffer_->reach(range); }
    /// Makes the real call first, which a memfd refuses (ENOTTY), so that simulated syncs are seen
    /// at the Kernel interface and by strace as those of a DMA-BUF are, and can be made to fail
    /// there. What the call leaves in its flags is what the caches do; success means that somebody
    /// else has taken care of it.
    Result<void> sync(SyncEdge edge, Access access, ByteRange range) override;
    Result<void> beginManual(size_t size) override;
    /// Never waits: nothing on a board would.
    Result<void> flush(ByteRange range, std::chrono::milliseconds longest) override;
    Result<void> endManual(size_t size) override;
    Result<void> settle() override { return {}; }
    Holders holders(bool exported) const override {
        return exported ? Holders::Unknown : Holders::None;
    }
    Result<bool> waitUntilIdle(Access access, std::chrono::milliseconds longest) override {
        return buffer_->fences().waitUntilIdle(access, longest);
    }
    Result<void> importFence(UniqueFd fence, Access access) override {
        return buffer_->fences().add(std::move(fence), access);
    }
    void beginLife(const std::string& name) noexcept override { buffer_->beginLife(name); }

private:
    Kernel& kernel_;
    const int fd_;
    const std::shared_ptr<SimulatedBuffer> buffer_;
};

} // namespace mediaheap
