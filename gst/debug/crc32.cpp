// SPDX-License-Identifier: LGPL-2.1-or-later
#include "crc32.h"

namespace mediaheap::plugin {

namespace {

// Polynomials over GF(2), the coefficient of x^0 in the highest bit.
constexpr uint32_t one = uint32_t{1} << 31;
constexpr uint32_t eightZeroBits = uint32_t{1} << 23; // x^8
constexpr uint32_t generator = 0xedb88320;

/// @p a times @p b, modulo the generator.
uint32_t times(uint32_t a, uint32_t b) {
    uint32_t product = 0;
    for (uint32_t bit = one; bit != 0; bit >>= 1) {
        if ((a & bit) != 0)
            product ^= b;
        b = (b & 1) != 0 ? (b >> 1) ^ generator : b >> 1;
    }
    return product;
}

} // namespace

// A CRC is a remainder: that of the first piece moves up by the length of the second.
uint32_t joinCrc32(uint32_t first, uint32_t second, uint64_t secondSize) noexcept {
    uint32_t shift = one;
    uint32_t square = eightZeroBits;
    for (; secondSize != 0; secondSize >>= 1) {
        if ((secondSize & 1) != 0)
            shift = times(shift, square);
        square = times(square, square);
    }
    return times(shift, first) ^ second;
}

} // namespace mediaheap::plugin
