// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace mediaheap::plugin {

/// The CRC-32 (ISO-HDLC, as zlib's) of two pieces one after the other, of which the second has
/// @p secondSize bytes, out of the CRC-32 of each.
uint32_t joinCrc32(uint32_t first, uint32_t second, uint64_t secondSize) noexcept;

} // namespace mediaheap::plugin
