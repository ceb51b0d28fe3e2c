// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "sources/source.h"

namespace mediaheap {

class Kernel;

/// `memfd`: ordinary shared memory as a stand-in for a media heap on machines without one. Its
/// descriptors map, share and travel like a DMA-BUF's, but no driver imports them.
class MemfdSource : public Source {
public:
    static Result<std::unique_ptr<Source>> open(Kernel& kernel, const SourceOptions& options);

    const SourceTraits& traits() const noexcept override { return traits_; }
    Result<SourceMemory> create(uint64_t offset, size_t size,
                                const CreateOptions& options) override;
    bool isFresh(uint64_t, size_t) const override { return true; }
    uint64_t discard(uint64_t, uint64_t) override { return 0; }

private:
    explicit MemfdSource(Kernel& kernel) : kernel_(kernel) { traits_.zones = true; }

    Kernel& kernel_;
    SourceTraits traits_;
};

/// An anonymous file of @p size bytes that nobody can shrink or grow (memfd_create(2),
/// F_ADD_SEALS): a mapping that somebody else made of it can never fault. It takes further seals
/// where @p more says so.
Result<UniqueFd> createSealedMemfd(Kernel& kernel, const std::string& name, uint64_t size,
                                   bool more = false);

} // namespace mediaheap
