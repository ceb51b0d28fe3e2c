// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include "sources/source.h"
#include "sync/dmabuf_abilities.h"

namespace mediaheap {

class Kernel;

/// `dma-heap:<name>`: a heap of the kernel under /dev/dma_heap, one DMA-BUF per block
/// (Linux, Documentation/userspace-api/dma-buf-heaps.rst).
class DmaHeapSource : public Source {
public:
    static constexpr const char* directory = "/dev/dma_heap";

    static Result<std::unique_ptr<Source>> open(Kernel& kernel, const SourceOptions& options);

    /// What the name of a heap says of its memory. The kernel offers no way to ask.
    static SourceTraits traitsOf(const std::string& name);

    const SourceTraits& traits() const noexcept override { return traits_; }
    Result<SourceMemory> create(uint64_t offset, size_t size,
                                const CreateOptions& options) override;
    /// The kernel's heaps hand out zeroed memory; a vendor's need not, so only theirs is trusted.
    bool isFresh(uint64_t, size_t) const override { return zeroed_; }
    uint64_t discard(uint64_t, uint64_t) override { return 0; }

private:
    DmaHeapSource(Kernel& kernel, UniqueFd node, std::string name, uint64_t zoneSize);

    Kernel& kernel_;
    UniqueFd node_;
    std::string name_;
    uint64_t zoneSize_; ///< bytes
    SourceTraits traits_;
    const std::shared_ptr<DmabufAbilities> abilities_ = std::make_shared<DmabufAbilities>();
    bool zeroed_;
};

} // namespace mediaheap
