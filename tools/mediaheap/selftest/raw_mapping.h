// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include <mediaheap/access.h>
#include <mediaheap/result.h>

namespace mediaheap::tool {

/// The memory of a descriptor as another program maps it, beside the heap: nothing is synced here
/// unless begin() and end() say so.
class RawMapping {
public:
    /// @p isDmaBuf tells whether the descriptor has syncs at all.
    static Result<RawMapping> map(int fd, size_t size, bool isDmaBuf);

    RawMapping(RawMapping&& other) noexcept;
    RawMapping& operator=(RawMapping&&) = delete;
    ~RawMapping();

    const volatile uint8_t* data() const { return data_; }
    size_t size() const { return size_; }

    /// DMA_BUF_SYNC_START and _END for reading.
    Result<void> begin() const;
    Result<void> end() const;

private:
    RawMapping(int fd, const uint8_t* data, size_t size, bool isDmaBuf);
    Result<void> sync(uint64_t flags, const char* what) const;

    int fd_;
    const uint8_t* data_;
    size_t size_;
    bool isDmaBuf_;
};

} // namespace mediaheap::tool
