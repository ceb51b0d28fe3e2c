// SPDX-License-Identifier: LGPL-2.1-or-later
//
// PageAllocator beside a model too simple to be wrong: one flag for each page, every placement
// tried.
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "pages/page_allocator.h"
#include "property.h"

namespace mediaheap {
namespace {

using test::propertyOperations;
using test::Random;

class NaivePages {
public:
    NaivePages(uint64_t pages, uint64_t firstPage) : used_(pages, false), firstPage_(firstPage) {}

    /// Every gap from its first aligned page on, the shortest that will do.
    std::optional<uint64_t> place(uint64_t pages, uint64_t alignment) const {
        std::optional<uint64_t> best;
        uint64_t bestLength = 0;
        for (uint64_t start = 0; start < used_.size();) {
            if (used_[start]) {
                ++start;
                continue;
            }
            uint64_t end = start;
            while (end < used_.size() && !used_[end])
                ++end;
            uint64_t at = start;
            while (at < end && (firstPage_ + at) % alignment != 0)
                ++at;
            if (at + pages <= end && (!best || end - at < bestLength)) {
                best = at;
                bestLength = end - at;
            }
            start = end;
        }
        return best;
    }

    /// Every place from the top down.
    std::optional<uint64_t> placeFromTop(uint64_t pages, uint64_t alignment) const {
        for (uint64_t at = used_.size(); at-- > 0;) {
            if ((firstPage_ + at) % alignment == 0 && is(at, pages, false))
                return at;
        }
        return std::nullopt;
    }

    void set(uint64_t first, uint64_t pages, bool used) {
        for (uint64_t page = first; page < first + pages; ++page)
            used_[page] = used;
        free_ = used ? free_ - pages : free_ + pages;
    }

    bool is(uint64_t first, uint64_t pages, bool used) const {
        if (pages == 0 || first + pages > used_.size())
            return false;
        for (uint64_t page = first; page < first + pages; ++page) {
            if (used_[page] != used)
                return false;
        }
        return true;
    }

    uint64_t largestGap() const {
        uint64_t largest = 0;
        uint64_t run = 0;
        for (const char used : used_) {
            run = used ? 0 : run + 1;
            largest = std::max(largest, run);
        }
        return largest;
    }

    uint64_t freePages() const { return free_; }

private:
    std::vector<char> used_;
    uint64_t firstPage_;
    uint64_t free_ = used_.size();
};

struct ZoneShape {
    uint64_t pages;
    uint64_t firstPage;
    uint64_t largestRequest;
    uint64_t operations;
    uint64_t seed;
    uint64_t fromTop = 0; ///< eighths of the blocks
};

void PrintTo(const ZoneShape& shape, std::ostream* out) {
    *out << shape.pages << " pages from " << shape.firstPage << ", seed " << shape.seed;
}

class PageAllocatorProperty : public testing::TestWithParam<ZoneShape> {};

TEST_P(PageAllocatorProperty, PlacesAndFreesAsTheModelDoes) {
    const ZoneShape& shape = GetParam();
    PageAllocator zone(shape.pages, shape.firstPage);
    NaivePages model(shape.pages, shape.firstPage);
    Random random(shape.seed);
    std::vector<std::pair<uint64_t, uint64_t>> blocks;
    const uint64_t operations = propertyOperations(shape.operations);

    for (uint64_t n = 0; n < operations; ++n) {
        // Phases of filling and of draining, so that full and empty zones both are common.
        const bool filling = n / 512 % 2 == 0;
        const uint64_t choice = random.below(16);
        if (choice < 2) {
            // A range picked blindly: mostly not a block, often free or beyond the end.
            const uint64_t first = random.below(shape.pages + 2);
            const uint64_t pages = random.below(shape.largestRequest + 1);
            ASSERT_EQ(zone.isFree(first, pages), model.is(first, pages, false))
                << "operation " << n;
            if (!model.is(first, pages, true)) {
                ASSERT_FALSE(zone.free(first, pages)) << "operation " << n;
            }
            if (random.chance(1, 4)) {
                const bool free = model.is(first, pages, false);
                ASSERT_EQ(zone.take(first, pages), free) << "operation " << n;
                if (free) {
                    model.set(first, pages, true);
                    blocks.emplace_back(first, pages);
                }
            }
        } else if (choice < (filling ? 11 : 6)) {
            const uint64_t pages = random.between(1, shape.largestRequest);
            const uint64_t alignment = random.chance(1, 2)   ? 1
                                       : random.chance(1, 8) ? random.between(1, 40)
                                                             : 1ull << random.below(8);
            const bool fromTop = random.chance(shape.fromTop, 8);
            const std::optional<uint64_t> expected =
                fromTop ? model.placeFromTop(pages, alignment) : model.place(pages, alignment);
            const auto order =
                fromTop ? PageAllocator::Order::FromTop : PageAllocator::Order::BestFit;
            ASSERT_EQ(zone.allocate(pages, alignment, order), expected)
                << "operation " << n << ": " << pages << " pages, alignment " << alignment
                << (fromTop ? ", from the top" : "");
            if (expected) {
                model.set(*expected, pages, true);
                blocks.emplace_back(*expected, pages);
            }
        } else if (!blocks.empty()) {
            const size_t index = random.below(blocks.size());
            auto [first, pages] = blocks[index];
            if (pages > 1 && random.chance(1, 8)) {
                // Half of it: nothing says that ranges come back as they were taken.
                blocks[index] = {first + pages / 2, pages - pages / 2};
                pages /= 2;
            } else {
                blocks[index] = blocks.back();
                blocks.pop_back();
            }
            ASSERT_TRUE(zone.free(first, pages)) << "operation " << n;
            model.set(first, pages, false);
        }
        ASSERT_EQ(zone.freePages(), model.freePages()) << "operation " << n;
        if (n % 256 == 0) {
            ASSERT_EQ(zone.validate(), "") << "operation " << n;
            ASSERT_EQ(zone.largestGap(), model.largestGap()) << "operation " << n;
        }
    }

    for (const auto& [first, pages] : blocks)
        ASSERT_TRUE(zone.free(first, pages));
    EXPECT_TRUE(zone.isFree(0, shape.pages));
    EXPECT_EQ(zone.largestGap(), shape.pages);
    EXPECT_EQ(zone.validate(), "");
}

// 1.1 million operations together.
INSTANTIATE_TEST_SUITE_P(
    Zones, PageAllocatorProperty,
    testing::Values(ZoneShape{1, 0, 2, 20000, 1}, ZoneShape{7, 3, 4, 80000, 2},
                    ZoneShape{64, 0, 8, 200000, 3}, ZoneShape{64, 0x44000, 40, 100000, 4},
                    ZoneShape{257, 129, 16, 300000, 5}, ZoneShape{1000, 5, 64, 200000, 6},
                    ZoneShape{1024, 1ull << 40, 8, 100000, 7}, ZoneShape{64, 3, 12, 50000, 8, 8},
                    ZoneShape{257, 0x44001, 24, 50000, 9, 4}));

} // namespace
} // namespace mediaheap
