// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>

#include "sources/source.h"
#include "sync/dmabuf_abilities.h"

namespace mediaheap {

class Kernel;

/// `mpp[:<node>]`: ArtInChip's MPP heap, a piece of CMA memory that the kernel has set aside for
/// media alone and every process shares. It speaks as a dma-heap does, and where the kernel is
/// ArtInChip's it also tells physical addresses, syncs parts of a buffer and can be destroyed
/// (their Linux 5.10, drivers/dma-buf/heaps/mpp_heap.c and include/uapi/linux/dma-buf.h). Whether
/// it can is tried, never concluded from names.
class MppSource : public Source {
public:
    /// Where the node is looked for, in this order. ArtInChip's documentation has the second one,
    /// its libraries open the first, that of one release the third.
    static constexpr const char* nodes[] = {"/dev/dma_heap/mpp", "/dev/dmabuf/mpp",
                                            "/dev/dma_heap/reserved"};

    /// Takes one page for a moment, to see what the heap can do and that it still gives memory.
    static Result<std::unique_ptr<Source>> open(Kernel& kernel, const SourceOptions& options);

    /// Whether this machine has of @ref nodes only the last one, the name of which is also that of
    /// the kernel's own CMA heap.
    static bool isOnlyCma(Kernel& kernel);

    const SourceTraits& traits() const noexcept override { return traits_; }
    Result<SourceMemory> create(uint64_t offset, size_t size,
                                const CreateOptions& options) override;
    /// ArtInChip's heap does not clear its memory.
    bool isFresh(uint64_t, size_t) const override { return false; }
    uint64_t discard(uint64_t, uint64_t) override { return 0; }

    /// DMA_HEAP_IOCTL_DESTROY. Nothing but the call tells whether the node knows it. ArtInChip's
    /// own kernel does not look whether somebody else still has memory of the heap.
    Result<bool> destroy() override;

private:
    MppSource(Kernel& kernel, UniqueFd node, std::string path);
    std::optional<uint64_t> physicalAddress(int fd) const;

    Kernel& kernel_;
    UniqueFd node_;
    const std::string path_;
    SourceTraits traits_;
    const std::shared_ptr<DmabufAbilities> abilities_ = std::make_shared<DmabufAbilities>();
};

} // namespace mediaheap
