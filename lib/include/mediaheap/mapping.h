// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <memory>

#include <mediaheap/access.h>
#include <mediaheap/export.h>
#include <mediaheap/result.h>

namespace mediaheap {

class BlockState;

/// A CPU access that is open as long as this object lives. Move-only; keeps the block's memory
/// valid. What a moved-to Mapping held before is ended properly first.
///
/// Thread safety: none; use one Mapping per thread, they may overlap. Since: 0.1
class MEDIAHEAP_API Mapping {
public:
    Mapping() noexcept;
    Mapping(Mapping&&) noexcept;
    Mapping& operator=(Mapping&&) noexcept;
    /// Ends the access; an error of the exporter is logged. Call end() to learn of it.
    ~Mapping();

    bool isValid() const noexcept { return state_ != nullptr; }
    void* data() const noexcept;
    size_t size() const noexcept;
    Access access() const noexcept { return access_; }

    /// Ends the access now and reports what the exporter said. Without an open access: success.
    Result<void> end();

private:
    friend class Block;
    Mapping(std::shared_ptr<BlockState> state, Access access, size_t offset, size_t size) noexcept;

    std::shared_ptr<BlockState> state_;
    Access access_ = Access::Read;
    size_t offset_ = 0;
    size_t size_ = 0;
};

} // namespace mediaheap
