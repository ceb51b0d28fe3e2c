// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>

#include "sources/source.h"

namespace mediaheap {

class Kernel;

/// `mmz[:<zone>]`: HiSilicon's media memory zones by way of /dev/mmz_userdev. The driver gives out
/// physical addresses and mappings, and no descriptor that another process or a driver of another
/// vendor could take.
class MmzSource : public Source {
public:
    static constexpr const char* node = "/dev/mmz_userdev";
    static constexpr const char* defaultZone = "anonymous";

    /// Takes one page for a moment: nothing else tells whether there is such a zone.
    static Result<std::unique_ptr<Source>> open(Kernel& kernel, const SourceOptions& options);

    const SourceTraits& traits() const noexcept override { return traits_; }
    Result<SourceMemory> create(uint64_t offset, size_t size,
                                const CreateOptions& options) override;
    /// The driver clears nothing.
    bool isFresh(uint64_t, size_t) const override { return false; }
    uint64_t discard(uint64_t, uint64_t) override { return 0; }

private:
    MmzSource(Kernel& kernel, UniqueFd opened, const SourceOptions& options);

    Kernel& kernel_;
    const std::shared_ptr<const UniqueFd>
        node_; // its blocks are the descriptor's, and outlive this
    const std::string zone_;
    SourceTraits traits_;
};

} // namespace mediaheap
