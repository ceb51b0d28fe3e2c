// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace mediaheap {

/// a + b, or nothing where the type cannot hold it.
template <typename T> constexpr std::optional<T> checkedAdd(T a, T b) {
    T sum{};
    if (__builtin_add_overflow(a, b, &sum))
        return std::nullopt;
    return sum;
}

/// a * b, or nothing where the type cannot hold it.
template <typename T> constexpr std::optional<T> checkedMultiply(T a, T b) {
    T product{};
    if (__builtin_mul_overflow(a, b, &product))
        return std::nullopt;
    return product;
}

constexpr bool isPowerOfTwo(uint64_t value) { return value != 0 && (value & (value - 1)) == 0; }

/// @p value rounded up to a multiple of @p grain (a power of two), or nothing on overflow.
template <typename T> constexpr std::optional<T> roundUp(T value, T grain) {
    const std::optional<T> sum = checkedAdd<T>(value, grain - 1);
    if (!sum)
        return std::nullopt;
    return *sum & ~(grain - 1);
}

} // namespace mediaheap
