// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <chrono>

namespace mediaheap {

/// A moment until which somebody waits.
class Deadline {
public:
    explicit Deadline(std::chrono::milliseconds longest)
        : at_(Clock::now() + std::min<std::chrono::milliseconds>(longest, farthest)) {}

    bool hasPassed() const { return Clock::now() >= at_; }

    /// What is left, rounded up, so that who waits that long does not wake too early; 0 at the end.
    std::chrono::milliseconds left() const {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now());
        return std::max(left, std::chrono::milliseconds::zero());
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::hours farthest{24 * 20}; // poll(2) takes the milliseconds as int

    Clock::time_point at_;
};

} // namespace mediaheap
