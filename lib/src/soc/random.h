// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace mediaheap {

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): the
/// same numbers for the same seed on every machine, which the standard's distributions do not
/// promise.
class Random {
public:
    explicit Random(uint64_t seed) : state_(seed) {}

    uint64_t next() noexcept {
        uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    /// From 0 to @p bound - 1. The bias of the remainder does not matter for what it is used for.
    uint64_t below(uint64_t bound) noexcept { return next() % bound; }

private:
    uint64_t state_;
};

} // namespace mediaheap
