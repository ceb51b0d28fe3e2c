// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Heap strings that somebody mistyped: two hundred thousand of them. The parser takes them or says
// why not; what it takes has one canonical form, which it takes again.
#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "heap/heap_string.h"
#include "property.h"

namespace mediaheap {
namespace {

using test::propertyOperations;
using test::Random;

const std::vector<std::string> pieces = {
    "memfd",
    "udmabuf",
    "dma-heap",
    ":system",
    ":linux,cma",
    "auto",
    ",size=",
    "64M",
    "0",
    "1G",
    "0x1000",
    "65536K",
    ",zone=",
    "camera",
    ",base=",
    "0x44000000",
    ",cached=",
    "1",
    ",contiguous=",
    ",cache=",
    ",require=",
    "dmabuf",
    ",prefault=",
    ",sanitize=",
    ",stray=",
    "report",
    ",mmz=",
    ",mmz=@",
    "anonymous,0,0x44000000,64M",
    ",2,64K",
    ":+osd,0x44000000,32K,0xC4B98000,1",
    ":jpeg,1,0x50000000,1M",
    ",",
    "=",
    ":",
    "18446744073709551615",
    "17179869184G",
    " ",
    "\"",
    "/",
    "..",
    "\n",
    "\x80",
    "k",
};

/// Pieces put together at random, half of the time in an order that makes sense, then damaged.
std::string mistyped(Random& random) {
    std::string text;
    if (random.chance(1, 2)) {
        const std::vector<std::string> good = {"memfd", "udmabuf", "dma-heap:system",
                                               "dma-heap:linux,cma", "auto"};
        const std::vector<std::string> keys = {
            ",size=64M",     ",zone=camera",  ",base=0x44000000", ",cached=1",
            ",contiguous=0", ",cache=1M",     ",prefault=0",      ",require=dmabuf",
            ",sanitize=1",   ",stray=report", ",offer=1"};
        const std::vector<std::string> zones = {
            ",mmz=anonymous,0,0x44000000,64M",
            ",mmz=anonymous,0,0x44000000,64M,2,64K:+osd,0x44000000,32K,0xC4B98000,1",
            ",mmz=a,1,0,4K:a,2,0x1000,4K,1,0:+x,0x1000,4K", ",mmz=@/etc/board.mmz"};
        text = good[random.below(good.size())];
        for (uint64_t n = random.below(5); n > 0; --n)
            text += keys[random.below(keys.size())];
        if (random.chance(1, 3))
            text += zones[random.below(zones.size())];
    } else {
        for (uint64_t n = random.below(8); n > 0; --n)
            text += pieces[random.below(pieces.size())];
    }
    for (uint64_t n = random.below(3); n > 0 && !text.empty(); --n) {
        const size_t at = random.below(text.size());
        if (random.chance(1, 3))
            text.erase(at, 1);
        else if (random.chance(1, 2))
            text.insert(at, 1, static_cast<char>(random.below(256)));
        else
            text[at] = static_cast<char>(random.below(256));
    }
    return text;
}

TEST(HeapStringProperty, IsTakenInOneFormOrRefusedWithAReason) {
    Random random(21);
    const uint64_t operations = propertyOperations(200000);
    uint64_t taken = 0;
    uint64_t zoned = 0;
    for (uint64_t n = 0; n < operations; ++n) {
        const std::string text = mistyped(random);
        const Result<HeapString> heap = HeapString::parse(text);
        if (!heap) {
            ASSERT_TRUE(heap.error().code == EINVAL || heap.error().code == EOPNOTSUPP) << text;
            ASSERT_NE(heap.error().cause, "") << text;
            ASSERT_NE(heap.error().remedy, "") << text;
            continue;
        }
        ++taken;
        const std::string canonical = heap.value().canonical();
        const Result<HeapString> again = HeapString::parse(canonical);
        ASSERT_TRUE(again.ok()) << text << " -> " << canonical << ": " << again.error().message();
        ASSERT_EQ(again.value().canonical(), canonical) << text;
        ASSERT_EQ(again.value().facility(), heap.value().facility()) << text;
        ASSERT_FALSE(heap.value().contradiction(again.value())) << text;
        zoned += heap.value().mmz ? 1 : 0;
    }
    EXPECT_GT(zoned, operations / 50) << "hardly any string with zones is right";
    EXPECT_GT(taken, operations / 20) << "the strings are too bad to try anything";
    EXPECT_LT(taken, operations - operations / 20) << "the strings are too good to try anything";
}

} // namespace
} // namespace mediaheap
