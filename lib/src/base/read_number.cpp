// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/read_number.h"

#include <optional>

#include "base/checked.h"

namespace mediaheap {

NumberKind readNumber(std::string_view text, uint64_t base, uint64_t& value) noexcept {
    NumberKind kind = text.empty() ? NumberKind::None : NumberKind::Fine;
    value = 0;
    for (const char c : text) {
        uint64_t digit = base;
        if (c >= '0' && c <= '9')
            digit = static_cast<uint64_t>(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = static_cast<uint64_t>(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = static_cast<uint64_t>(c - 'A') + 10;
        if (digit >= base)
            return NumberKind::None;
        const auto shifted = checkedMultiply(value, base);
        const auto sum = shifted ? checkedAdd(*shifted, digit) : std::nullopt;
        if (!sum)
            kind = NumberKind::TooLarge; // the rest may still be no digits
        value = sum.value_or(0);
    }
    return kind;
}

} // namespace mediaheap
