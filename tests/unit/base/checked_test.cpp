// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include "base/checked.h"

namespace mediaheap {
namespace {

TEST(CheckedArithmetic, AddsWhatFits) {
    EXPECT_EQ(checkedAdd<uint64_t>(2, 3), 5u);
    EXPECT_EQ(checkedAdd<uint64_t>(UINT64_MAX - 1, 1), UINT64_MAX);
    EXPECT_EQ(checkedAdd<uint32_t>(0, UINT32_MAX), UINT32_MAX);
}

TEST(CheckedArithmetic, AddsNothingThatDoesNotFit) {
    EXPECT_EQ(checkedAdd<uint64_t>(UINT64_MAX, 1), std::nullopt);
    EXPECT_EQ(checkedAdd<uint32_t>(UINT32_MAX, UINT32_MAX), std::nullopt);
}

TEST(CheckedArithmetic, MultipliesWhatFits) {
    EXPECT_EQ(checkedMultiply<uint64_t>(1ull << 32, (1ull << 32) - 1), 0xffffffff00000000u);
    EXPECT_EQ(checkedMultiply<uint64_t>(0, UINT64_MAX), 0u);
}

TEST(CheckedArithmetic, MultipliesNothingThatDoesNotFit) {
    EXPECT_EQ(checkedMultiply<uint64_t>(1ull << 32, 1ull << 32), std::nullopt);
    EXPECT_EQ(checkedMultiply<uint32_t>(65536, 65536), std::nullopt);
}

TEST(CheckedArithmetic, RoundsUpToTheGrain) {
    EXPECT_EQ(roundUp<uint64_t>(0, 4096), 0u);
    EXPECT_EQ(roundUp<uint64_t>(1, 4096), 4096u);
    EXPECT_EQ(roundUp<uint64_t>(4096, 4096), 4096u);
    EXPECT_EQ(roundUp<uint64_t>(4097, 16384), 16384u);
    EXPECT_EQ(roundUp<uint64_t>(7, 1), 7u);
}

TEST(CheckedArithmetic, RoundsNothingBeyondTheType) {
    EXPECT_EQ(roundUp<uint64_t>(UINT64_MAX - 4095, 4096), UINT64_MAX - 4095);
    EXPECT_EQ(roundUp<uint64_t>(UINT64_MAX - 4094, 4096), std::nullopt);
    EXPECT_EQ(roundUp<uint64_t>(UINT64_MAX, 65536), std::nullopt);
    EXPECT_EQ(roundUp<uint32_t>(UINT32_MAX, 4096), std::nullopt);
}

TEST(CheckedArithmetic, KnowsPowersOfTwo) {
    EXPECT_FALSE(isPowerOfTwo(0));
    EXPECT_TRUE(isPowerOfTwo(1));
    EXPECT_FALSE(isPowerOfTwo(3));
    EXPECT_TRUE(isPowerOfTwo(1ull << 63));
    EXPECT_FALSE(isPowerOfTwo(UINT64_MAX));
}

} // namespace
} // namespace mediaheap
