// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace mediaheap {

/// CRC-32/ISO-HDLC, the one of zlib, PNG and Ethernet: reflected, polynomial 0x04c11db7.
inline uint32_t crc32(const uint8_t* bytes, size_t size) noexcept {
    static const std::array<uint32_t, 256> table = [] {
        std::array<uint32_t, 256> entries{};
        for (uint32_t i = 0; i < entries.size(); i++) {
            uint32_t value = i;
            for (int bit = 0; bit < 8; bit++)
                value = (value >> 1) ^ ((value & 1) ? 0xedb88320U : 0);
            entries[i] = value;
        }
        return entries;
    }();
    uint32_t crc = 0xffffffffU;
    for (size_t i = 0; i < size; i++)
        crc = (crc >> 8) ^ table[(crc ^ bytes[i]) & 0xff];
    return crc ^ 0xffffffffU;
}

} // namespace mediaheap
