// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace mediaheap {

/// A number in digits, without allocating and without what snprintf() may not do in a signal
/// handler.
class Digits {
public:
    explicit Digits(uint64_t number) noexcept { put(number, 10); }

    /// `0x1f`.
    static Digits hex(uint64_t number) noexcept {
        Digits digits;
        digits.put(number, 16);
        *--digits.at_ = 'x';
        *--digits.at_ = '0';
        return digits;
    }

    Digits(const Digits& other) noexcept : Digits() {
        for (const char* from = other.at_ + other.length(); from != other.at_;)
            *--at_ = *--from;
    }
    Digits& operator=(const Digits&) = delete;

    const char* text() const noexcept { return at_; }
    size_t length() const noexcept { return static_cast<size_t>(text_ + sizeof text_ - 1 - at_); }

private:
    Digits() noexcept : at_(text_ + sizeof text_ - 1) { *at_ = '\0'; }

    void put(uint64_t number, unsigned base) noexcept {
        at_ = text_ + sizeof text_ - 1;
        *at_ = '\0';
        do {
            *--at_ = "0123456789abcdef"[number % base];
            number /= base;
        } while (number != 0);
    }

    char text_[24];
    char* at_;
};

} // namespace mediaheap
