// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace mediaheap {

/// A part of a block, in bytes from its beginning.
struct ByteRange {
    uint64_t offset = 0;
    uint64_t size = 0;

    constexpr uint64_t end() const noexcept { return offset + size; }
};

constexpr bool operator==(ByteRange a, ByteRange b) {
    return a.offset == b.offset && a.size == b.size;
}

} // namespace mediaheap
