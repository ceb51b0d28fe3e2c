// SPDX-License-Identifier: LGPL-2.1-or-later
//
// That our placement is the kernel's: the same operations on gen_pool with gen_pool_best_fit, in
// the module, and on PageAllocator give the same offsets.
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bare_mpp.h"
#include "kernel_module.h"
#include "pages/page_allocator.h"

namespace mediaheap::test {
namespace {

constexpr unsigned operations = 100000;
constexpr uint64_t page = 4096;
constexpr uint64_t pages = 2048;

class MppTrace : public testing::TestWithParam<unsigned> {};

INSTANTIATE_TEST_SUITE_P(Seeds, MppTrace, testing::Values(1, 20261125, 4000000007));

TEST_P(MppTrace, IsPlacedAsGenPoolPlacesIt) {
    const KernelModule module("mediaheap_mpp", "size=" + std::to_string(pages * page));
    const BareMpp mpp;
    uint32_t base = 0;
    {
        const UniqueFd first(mpp.allocate(page));
        base = BareMpp::physical(first.get());
    }
    ASSERT_NE(base, 0u);

    struct Piece {
        UniqueFd fd;
        uint64_t first;
        uint64_t pages;
    };
    std::vector<Piece> pieces;
    PageAllocator ours(pages);
    std::mt19937 random(GetParam());
    unsigned allocations = 0;
    unsigned refusals = 0;
    for (unsigned n = 0; n < operations; ++n) {
        // Full for half of the time, nearly empty in between, so that gaps come and go.
        const bool filling = n / 1000 % 4 != 3;
        if (pieces.empty() || random() % 100 < (filling ? 55 : 35)) {
            const uint64_t wanted = random() % 8 == 0 ? 1 + random() % 400 : 1 + random() % 24;
            const std::optional<uint64_t> expected = ours.allocate(wanted);
            UniqueFd fd(mpp.allocate(wanted * page));
            ASSERT_EQ(fd.isValid(), expected.has_value())
                << "operation " << n << ": " << wanted << " pages";
            if (!expected) {
                ++refusals;
                continue;
            }
            ASSERT_EQ((BareMpp::physical(fd.get()) - base) / page, *expected)
                << "operation " << n << ": " << wanted << " pages";
            pieces.push_back({std::move(fd), *expected, wanted});
            ++allocations;
        } else {
            const size_t which = random() % pieces.size();
            ASSERT_TRUE(ours.free(pieces[which].first, pieces[which].pages));
            std::swap(pieces[which], pieces.back());
            pieces.pop_back();
        }
    }
    EXPECT_GT(allocations, operations / 4);
    EXPECT_GT(refusals, 100u) << "it was never full: nothing was shown";
    RecordProperty("allocations", static_cast<int>(allocations));
    std::printf("%u allocations, %u refused, %zu left\n", allocations, refusals, pieces.size());
}

} // namespace
} // namespace mediaheap::test
