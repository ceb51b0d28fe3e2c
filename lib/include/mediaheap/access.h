// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace mediaheap {

/// What the CPU does with a block while it is mapped. The values are those of DMA_BUF_SYNC_READ and
/// DMA_BUF_SYNC_WRITE (Linux, Documentation/driver-api/dma-buf.rst, "CPU Access to DMA Buffer
/// Objects").
///
/// Since: 0.1
enum class Access : uint32_t {
    Read = 1,
    Write = 2,
    ReadWrite = 3,
};

constexpr Access operator|(Access a, Access b) {
    return static_cast<Access>(static_cast<uint32_t>(a) | static_cast<uint32_t>(b));
}

/// Whether @p access includes all of @p wanted.
constexpr bool includes(Access access, Access wanted) {
    return (static_cast<uint32_t>(access) & static_cast<uint32_t>(wanted)) ==
           static_cast<uint32_t>(wanted);
}

} // namespace mediaheap
