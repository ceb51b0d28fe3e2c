// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where HiSilicon's `hisi` allocator places, worked out by hand: one heap of five zones, and what
// happens to it step by step.
#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "heap_test.h"

namespace mediaheap {
namespace {

using test::HeapTest;
using test::must;

constexpr const char* layout = "memfd,mmz=anonymous,0,0x44000000,1M:+osd,0x44010000,64K"
                               ":eq,1,0x46000000,256K,2,64K"
                               ":pow,2,0x47000000,512K,1,0"
                               ":odd,4,0x49001000,128K:+isp,0x49002000,8K"
                               ":anonymous,3,0x48000000,64K";

constexpr size_t K = 1024;
constexpr std::optional<uint64_t> nowhere = std::nullopt;

struct Step {
    const char* why;
    const char* name;
    size_t size; ///< 0 frees
    std::optional<uint64_t> expected;
    const char* zone = "anonymous";
    uint64_t gfp = 0;
    size_t alignment = 0;
    bool fromTop = false;
};

// Offsets in the first zone (0x44000000) in KiB: the system has 64 to 128.
const Step steps[] = {
    {"the last configured of two zones of a name is searched first", "a", 4 * K, 0x48000000},
    {"it has 60K left: the next zone, where the gap before the system's block is exact, not the "
     "longer one behind it",
     "b", 64 * K, 0x44000000},
    {"the last configured zone has room for this again", "c", 4 * K, 0x48001000},
    {"gfp 3 is that zone", "d", 4 * K, 0x48002000, "anonymous", 3},
    {"no zone of that name has gfp 9", "?", 4 * K, nowhere, "anonymous", 9},
    {"no zone is named vpss, and no other will do", "?", 4 * K, nowhere, "vpss"},
    {"52K are left there: from 128K in the first zone", "e", 56 * K, 0x44020000},
    {"all that is left of the last zone", "f", 52 * K, 0x48003000, "anonymous", 3},
    {"and gfp 3 has no other", "?", 4 * K, nowhere, "anonymous", 3},
    {"one byte is a page: 184K", "g", 1, 0x4402E000},
    {"188K", "h", 100 * K, 0x4402F000},
    {"288K", "i", 40 * K, 0x44048000},
    {"328K", "j", 8 * K, 0x44052000},
    {"336K, which ends at 356K", "k", 20 * K, 0x44054000},
    {"a gap of 100K, 188K to 288K", "h", 0, nowhere},
    {"a gap of 8K, 328K to 336K", "j", 0, nowhere},
    {"the exact gap, though a longer one lies lower", "l", 8 * K, 0x44052000},
    {"the gap of 8K again", "l", 0, nowhere},
    {"8K are too short, 100K shorter than the 668K at the end; at the low end", "m", 12 * K,
     0x4402F000},
    {"aligned to 64K: 200K-288K has 32K from 256K on, the end 640K from 384K on", "n", 8 * K,
     0x44040000, "anonymous", 0, 64 * K},
    {"what n left behind itself, 264K to 288K, is exact", "o", 24 * K, 0x44042000},
    {"now 128K-184K is free, 56K as 200K-256K is", "e", 0, nowhere},
    {"of equal gaps the lowest; 50K are 13 pages", "p", 50 * K, 0x44020000},
    {"its rest, 180K to 184K, is exact", "q", 4 * K, 0x4402D000},
    {"200K to 256K is exact", "r", 56 * K, 0x44032000},
    {"676K are free, but 668K in one piece", "?", 672 * K, nowhere},
    {"the end of the zone, exactly", "s", 668 * K, 0x44059000},
    {"8K are free, and 12K wanted", "?", 12 * K, nowhere},
    {"from the top: the only gap there is", "t", 8 * K, 0x44052000, "anonymous", 0, 0, true},
    {"full", "?", 1, nowhere},
    {"the end is free again, 356K to 1024K", "s", 0, nowhere},
    {"from the top: the last 16K of the zone", "u", 16 * K, 0x440FC000, "anonymous", 0, 0, true},
    {"from the top below 1008K, aligned to 64K: 960K", "v", 8 * K, 0x440F0000, "anonymous", 0,
     64 * K, true},
    {"what v left behind itself, 968K to 1008K, is exact", "w", 40 * K, 0x440F2000},

    {"a zone of blocks of 64K", "x", 4 * K, 0x46000000, "eq"},
    {"one byte more than a block is two", "y", 64 * K + 1, 0x46010000, "eq"},
    {"two blocks, and one is left", "?", 65 * K, nowhere, "eq"},
    {"found by its gfp alone", "z", 64 * K, 0x46030000, "", 1},

    {"a zone of powers of two: 32K", "aa", 20 * K, 0x47000000, "pow"},
    {"128K, which need not be aligned to it", "bb", 128 * K, 0x47008000, "pow"},
    {"256K", "cc", 129 * K, 0x47028000, "pow"},
    {"96K are left, and it would be 128K", "?", 65 * K, nowhere, "pow"},
    {"64K", "dd", 64 * K, 0x47068000, "pow"},

    {"aligned to 64K nothing fits before the system's block at 0x49002000: theirs takes the "
     "negative length of that gap for a huge one",
     "ee", 4 * K, 0x49010000, "odd", 0, 64 * K},
    {"no address of the zone is a multiple of 1M: theirs places outside of it", "?", 4 * K, nowhere,
     "odd", 0, 1024 * K},
    {"the page before the system's block is exact", "ff", 4 * K, 0x49001000, "odd"},
};

class HisiPlacementTest : public HeapTest {
protected:
    HisiPlacementTest() { fake.machinePageSize = 4096; }
};

TEST_F(HisiPlacementTest, IsTheOneWorkedOutByHand) {
    const auto heap = open(layout);
    std::map<std::string, Block> blocks;
    for (const Step& step : steps) {
        SCOPED_TRACE(std::string(step.name) + ": " + step.why);
        if (step.size == 0) {
            ASSERT_EQ(blocks.erase(step.name), 1u);
            continue;
        }
        AllocOptions options = named(step.name);
        options.zone = step.zone;
        options.gfp = step.gfp;
        options.alignment = step.alignment;
        options.fromTop = step.fromTop;
        Result<Block> block = heap->allocate(step.size, options);
        ASSERT_EQ(block.ok(), step.expected.has_value())
            << (block ? std::to_string(block->address()) : block.error().message());
        if (!block) {
            EXPECT_TRUE(block.error().code == ENOMEM || block.error().code == ENOENT);
            continue;
        }
        ASSERT_EQ(block->address(), *step.expected);
        ASSERT_TRUE(blocks.emplace(step.name, std::move(block).value()).second);
        must(heap->validate());
    }
    EXPECT_EQ(blocks.size(), 27u);
}

} // namespace
} // namespace mediaheap
