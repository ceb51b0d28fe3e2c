// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Zones of every kind beside a model that tries every page: which zone, which place, which size.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "heap/mmz_layout.h"
#include "heap/zone_set.h"
#include "must.h"
#include "property.h"

namespace mediaheap {
namespace {

using test::must;
using test::propertyOperations;
using test::Random;

constexpr uint64_t page = 4096;

// Starts that are aligned to hardly anything, and what the system has at both ends of zones.
constexpr const char* board = "anonymous,0,0x44000000,1M:+head,0x44000000,4K:+tail,0x440ff000,4K"
                              ":eq,1,0x46001000,512K,2,20K"
                              ":pow,2,0x47003000,1M,1,0:+mid,0x47040000,12K"
                              ":anonymous,3,0x48005000,300K";

class NaiveZone {
public:
    explicit NaiveZone(const MmzLayout::ZoneLine& line) : line_(line), used_(line.size / page) {
        for (const MmzLayout::Block& block : line.blocks)
            set(block.start, block.length, true);
    }

    bool matches(const ZoneSet::Wish& wish) const {
        return (wish.zone.empty() || wish.zone == line_.name) &&
               (wish.gfp == 0 || wish.gfp == line_.gfp);
    }

    uint64_t rounded(uint64_t size) const {
        const auto fits = [&](uint64_t candidate) {
            if (line_.allocType == 1)
                return (candidate & (candidate - 1)) == 0;
            return line_.allocType == 0 || candidate % line_.blockAlign == 0;
        };
        while (!fits(size))
            size += page;
        return size;
    }

    /// An address, or nothing.
    std::optional<uint64_t> place(uint64_t size, uint64_t alignment, bool fromTop) const {
        std::optional<uint64_t> best;
        uint64_t bestLength = 0;
        for (uint64_t at = line_.start; at < end(); at += page) {
            if (at % alignment != 0 || freeFrom(at) < size)
                continue;
            // Only a gap's first aligned page is where hisi would place.
            const bool first = at - line_.start < alignment || !isFree(at - alignment, alignment);
            if (fromTop) {
                best = at;
            } else if (first && (!best || freeFrom(at) < bestLength)) {
                best = at;
                bestLength = freeFrom(at);
            }
        }
        return best;
    }

    void set(uint64_t address, uint64_t size, bool used) {
        for (uint64_t at = address; at < address + size; at += page)
            used_[(at - line_.start) / page] = used;
    }

    bool holds(uint64_t address) const { return address >= line_.start && address < end(); }

private:
    uint64_t end() const { return line_.start + line_.size; }
    bool isFree(uint64_t address, uint64_t size) const { return freeFrom(address) >= size; }
    uint64_t freeFrom(uint64_t address) const {
        uint64_t at = address;
        while (at < end() && !used_[(at - line_.start) / page])
            at += page;
        return at - address;
    }

    MmzLayout::ZoneLine line_;
    std::vector<char> used_;
};

class ZoneSetProperty : public testing::TestWithParam<uint64_t> {};

TEST_P(ZoneSetProperty, PlacesAsTheModelDoes) {
    const MmzLayout layout = must(MmzLayout::parse(board));
    must(layout.checkPages(page));
    ZoneSet zones(layout.setups(), page);
    std::vector<NaiveZone> model(layout.zones.begin(), layout.zones.end());

    struct Block {
        uint64_t offset;
        uint64_t address;
        uint64_t size;
    };
    std::vector<Block> blocks;
    Random random(GetParam());
    const uint64_t operations = propertyOperations(30000);
    uint64_t refused = 0;
    for (uint64_t n = 0; n < operations; ++n) {
        const bool filling = n / 128 % 2 == 0;
        if (random.chance(filling ? 6 : 2, 8)) {
            ZoneSet::Wish wish;
            wish.zone = std::vector<std::string>{"", "anonymous", "eq", "pow"}[random.below(4)];
            wish.gfp = random.chance(1, 3) ? random.below(4) : 0;
            const bool fromTop = random.chance(1, 4);
            wish.order = fromTop ? Zone::Order::FromTop : Zone::Order::BestFit;
            const uint64_t size = random.between(1, 30) * page;
            const uint64_t alignment = random.chance(1, 2) ? page : page << random.below(8);

            std::optional<uint64_t> expected;
            uint64_t rounded = 0;
            for (auto zone = model.rbegin(); zone != model.rend() && !expected; ++zone) {
                if (!zone->matches(wish))
                    continue;
                rounded = zone->rounded(size);
                expected = zone->place(rounded, alignment, fromTop);
                if (expected)
                    zone->set(*expected, rounded, true);
            }
            const auto place = zones.reserve(size, alignment, "block", wish);
            ASSERT_EQ(place.has_value(), expected.has_value()) << "operation " << n;
            refused += place ? 0 : 1;
            if (!place)
                continue;
            const uint64_t address = zones.at(place->offset).addressOf(place->offset);
            ASSERT_EQ(address, *expected) << "operation " << n;
            ASSERT_EQ(place->size, rounded) << "operation " << n;
            blocks.push_back({place->offset, address, place->size});
        } else if (!blocks.empty()) {
            const size_t index = random.below(blocks.size());
            const Block block = blocks[index];
            blocks[index] = blocks.back();
            blocks.pop_back();
            zones.release(block.offset);
            std::find_if(model.begin(), model.end(), [&](const NaiveZone& zone) {
                return zone.holds(block.address);
            })->set(block.address, block.size, false);
        }
        if (n % 64 == 0) {
            ASSERT_EQ(zones.validate(), "") << "operation " << n;
        }
    }
    EXPECT_GT(refused, operations / 100) << "the zones were never full";
    EXPECT_LT(refused, operations / 2) << "hardly anything was placed";
}

INSTANTIATE_TEST_SUITE_P(Seeds, ZoneSetProperty, testing::Values(1, 2, 3));

} // namespace
} // namespace mediaheap
