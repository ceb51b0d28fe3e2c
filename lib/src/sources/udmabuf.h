// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "sources/source.h"
#include "sync/dmabuf_abilities.h"

namespace mediaheap {

class Kernel;

/// `udmabuf`: DMA-BUFs carved out of one sealed memfd that is set aside at open, through
/// /dev/udmabuf (Linux, drivers/dma-buf/udmabuf.c). Ordinary pages, so importers need
/// scatter-gather or an IOMMU.
///
/// Ranges of the arena that no DMA-BUF covers keep their pages, and their contents, until they are
/// discarded: isFresh() knows which have never been handed out since.
class UdmabufSource : public Source {
public:
    static constexpr const char* node = "/dev/udmabuf";

    static Result<std::unique_ptr<Source>> open(Kernel& kernel, const SourceOptions& options);

    const SourceTraits& traits() const noexcept override { return traits_; }
    Result<SourceMemory> create(uint64_t offset, size_t size,
                                const CreateOptions& options) override;
    bool isFresh(uint64_t offset, size_t size) const override;
    uint64_t discard(uint64_t offset, uint64_t size) override;

private:
    UdmabufSource(Kernel& kernel, UniqueFd device, UniqueFd arena, uint64_t size);

    Kernel& kernel_;
    UniqueFd device_;
    UniqueFd arena_;
    const size_t page_;
    SourceTraits traits_;
    const std::shared_ptr<DmabufAbilities> abilities_ = std::make_shared<DmabufAbilities>();
    mutable std::mutex mutex_;
    std::vector<bool> used_; // by page: handed out since it last read as zero
};

} // namespace mediaheap
