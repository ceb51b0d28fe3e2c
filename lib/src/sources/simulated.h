// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "soc/violation_log.h"
#include "sources/source.h"

namespace mediaheap {

class Kernel;

/// `simulated`: memory of a non-coherent SoC, emulated. What the CPU maps and what a block's
/// descriptor leads to are different memory, and only cache maintenance moves data between them.
class SimulatedSource : public Source {
public:
    static constexpr uint64_t defaultLine = 64;
    static constexpr uint64_t defaultSeed = 1;

    static Result<std::unique_ptr<Source>> open(Kernel& kernel, const SourceOptions& options);

    const SourceTraits& traits() const noexcept override { return traits_; }
    Result<SourceMemory> create(uint64_t offset, size_t size,
                                const CreateOptions& options) override;
    bool isFresh(uint64_t, size_t) const override { return true; }
    uint64_t discard(uint64_t, uint64_t) override { return 0; }
    std::shared_ptr<ViolationLog> violations() const noexcept override { return violations_; }

private:
    SimulatedSource(Kernel& kernel, const SourceOptions& options);

    Kernel& kernel_;
    SourceTraits traits_;
    const uint64_t line_;
    const uint64_t seed_;
    std::atomic<uint64_t> made_{0};
    const std::shared_ptr<ViolationLog> violations_; // blocks may outlive the source
};

} // namespace mediaheap
