// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "sync/device_side.h"
#include "sync/dmabuf_abilities.h"
#include "sync/fence_list.h"

namespace mediaheap {

class Deadline;
class Kernel;

/// That of a DMA-BUF, as the kernel knows it: DMA_BUF_IOCTL_SYNC, the references that its fdinfo
/// counts, and its implicit fences.
class DmabufSide : public DeviceSide {
public:
    /// @p fd and the kernel must outlive this. @p abilities is what all buffers of the exporter
    /// share.
    DmabufSide(Kernel& kernel, int fd, size_t size,
               std::shared_ptr<DmabufAbilities> abilities = std::make_shared<DmabufAbilities>())
        : kernel_(kernel), fd_(fd), size_(size), abilities_(std::move(abilities)), fences_(kernel) {
    }

    bool needsSync() const noexcept override { return true; }
    ByteRange reach(ByteRange range) const noexcept override;
    Result<void> sync(SyncEdge edge, Access access, ByteRange range) override;
    void mappedAt(void* address) noexcept override;
    Result<void> settle() override;
    Holders holders(bool exported) const override;
    Result<bool> waitUntilIdle(Access access, std::chrono::milliseconds longest) override;
    Result<void> importFence(UniqueFd fence, Access access) override;
    Result<UniqueFd> exportFence(Access access) override;

private:
    bool tryRange() noexcept;
    int syncRange(uint64_t flags, ByteRange range) noexcept;
    Result<bool> waitForFences(Access access, const Deadline& deadline);

    Kernel& kernel_;
    const int fd_;
    const size_t size_;
    const std::shared_ptr<DmabufAbilities> abilities_;
    FenceList fences_;                 // where the kernel keeps none
    std::optional<uint64_t> baseline_; // the count of references while nobody else has it
    char* rangedFrom_ = nullptr;       // the mapping's beginning, where parts can be synced
};

} // namespace mediaheap
