// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>

#include <mediaheap/unique_fd.h>

#include "sync/plain_side.h"

namespace mediaheap {

class Kernel;

/// That of a block of the MMZ: the driver's FLUSH_DIRTY on the part in question, which writes back
/// and invalidates in one, where the mapping is cached; nothing where it is not.
class MmzSide : public PlainSide {
public:
    static constexpr uint64_t line = 64; ///< bytes; the driver rounds outward to as much

    MmzSide(Kernel& kernel, std::shared_ptr<const UniqueFd> node, uint64_t physical, size_t size,
            bool cached);

    bool needsSync() const noexcept override { return cached_; }
    ByteRange reach(ByteRange range) const noexcept override;
    Result<void> sync(SyncEdge edge, Access access, ByteRange range) override;
    void mappedAt(void* address) noexcept override { mapped_ = static_cast<char*>(address); }

private:
    Kernel& kernel_;
    const std::shared_ptr<const UniqueFd> node_;
    const uint64_t physical_;
    const size_t size_;
    const bool cached_;
    char* mapped_ = nullptr;
};

} // namespace mediaheap
