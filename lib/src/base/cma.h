// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "base/checked.h"

namespace mediaheap {

/// Reservations of CMA are made in multiples of this: ArtInChip, MPP Heap documentation, "mpp heap
/// settings".
constexpr uint64_t cmaGrain = uint64_t{4} << 20;

/// The same document demands a margin and names none; this is ours, in percent.
constexpr unsigned cmaMargin = 10;

/// What to reserve for drivers that need @p bytes in sum, margin included; nothing on overflow.
constexpr std::optional<uint64_t> cmaReservation(uint64_t bytes, uint64_t margin) {
    const std::optional<uint64_t> sum = checkedAdd(bytes, margin);
    return sum ? roundUp(*sum, cmaGrain) : std::nullopt;
}

constexpr std::optional<uint64_t> cmaReservation(uint64_t bytes) {
    return cmaReservation(bytes, bytes / 100 * cmaMargin + bytes % 100 * cmaMargin / 100);
}

} // namespace mediaheap
