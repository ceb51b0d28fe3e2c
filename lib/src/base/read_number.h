// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace mediaheap {

/// What became of reading a number.
enum class NumberKind {
    Fine,
    None,     ///< nothing, or something else than digits
    TooLarge, ///< more than 64 bits hold
};

/// Reads digits of @p base, 16 at most, of either case and without a prefix, into @p value.
NumberKind readNumber(std::string_view text, uint64_t base, uint64_t& value) noexcept;

} // namespace mediaheap
