// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEDIAHEAP_TEST_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEDIAHEAP_TEST_SANITIZED 1
#endif

namespace mediaheap::test {

/// How many operations a property test does: @p operations, and under a sanitizer, where each costs
/// many times as much, that divided by the environment's MEDIAHEAP_TEST_DIVISOR.
inline uint64_t propertyOperations(uint64_t operations) {
#ifdef MEDIAHEAP_TEST_SANITIZED
    if (const char* const divisor = std::getenv("MEDIAHEAP_TEST_DIVISOR")) {
        const uint64_t value = std::strtoull(divisor, nullptr, 10);
        return value > 1 ? operations / value : operations;
    }
#endif
    return operations;
}

/// The same numbers everywhere: the engine's sequence is standardised, the distributions' are not.
class Random {
public:
    explicit Random(uint64_t seed) : engine_(seed) {}

    /// From 0 to @p bound - 1.
    uint64_t below(uint64_t bound) { return engine_() % bound; }
    uint64_t between(uint64_t low, uint64_t high) { return low + below(high - low + 1); }
    /// True in @p part of @p whole cases.
    bool chance(uint64_t part, uint64_t whole) { return below(whole) < part; }

private:
    std::mt19937_64 engine_;
};

} // namespace mediaheap::test
