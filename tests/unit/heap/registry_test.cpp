// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One facility, one heap.
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heap_test.h"

namespace mediaheap {
namespace {

using test::HeapTest;
using test::must;
using testing::AllOf;
using testing::HasSubstr;

class RegistryTest : public HeapTest {
protected:
    void expectContradiction(const std::string& string, const std::string& key,
                             const std::string& firstForm) {
        const Result<std::shared_ptr<Heap>> heap = Heap::open(string);
        ASSERT_FALSE(heap.ok()) << string;
        EXPECT_EQ(heap.error().code, EBUSY) << heap.error().message();
        EXPECT_THAT(
            heap.error().message(),
            AllOf(HasSubstr("'" + string + "'"), HasSubstr("'" + firstForm + "'"), HasSubstr(key)));
        EXPECT_NE(heap.error().remedy, "");
    }
};

TEST_F(RegistryTest, SharesAHeapAmongAllWhoAskForIt) {
    const auto first = open("memfd,size=1M");
    EXPECT_EQ(open("memfd,size=1M"), first);
    EXPECT_EQ(open("memfd,size=1048575"), first) << "rounded up to pages";
    EXPECT_EQ(open("memfd"), first) << "a key that was not given agrees with everything";
    EXPECT_EQ(open("memfd,size=1024K,zone=anonymous,cached=1"), first);
    EXPECT_EQ(open(first->description()), first);
}

TEST_F(RegistryTest, SharesAHeapWhoseDefaultsAreAskedForByName) {
    fake.machineMemory = 4ull << 30;
    const auto first = open("memfd");
    EXPECT_EQ(open("memfd,size=256M"), first);
    EXPECT_EQ(open("memfd,size=256M,cache=16M,base=0,contiguous=0"), first);
}

TEST_F(RegistryTest, SharesAHeapBetweenAutoAndItsName) {
    const auto first = open("auto,size=1M");
    EXPECT_EQ(open("memfd,size=1M"), first);
    EXPECT_EQ(open("auto"), first);
}

TEST_F(RegistryTest, KeepsZonesApart) {
    const auto camera = open("memfd,size=1M,zone=camera");
    const auto display = open("memfd,size=2M,zone=display");
    EXPECT_NE(camera, display);
    EXPECT_EQ(camera->stats().size, 1u << 20);
    EXPECT_EQ(display->stats().size, 2u << 20);
}

TEST_F(RegistryTest, KeepsSourcesApart) {
    fake.addDmaHeap("system");
    fake.addDmaHeap("reserved");
    EXPECT_NE(open("dma-heap:system,size=1M"), open("dma-heap:reserved,size=1M"));
}

TEST_F(RegistryTest, RefusesAContradictionAndNamesTheFirstForm) {
    fake.addUdmabuf();
    const auto heap = open("udmabuf,size=1M");
    const std::string first = "udmabuf,size=1M";
    expectContradiction("udmabuf,size=2M", "size", first);
    expectContradiction("udmabuf,base=0x1000", "base", first);
    expectContradiction("udmabuf,cache=0", "cache", first);
    expectContradiction("udmabuf,prefault=1", "prefault", first);
    expectContradiction("udmabuf,size=18446744073709551615", "size", first);
}

TEST_F(RegistryTest, RefusesAWishThatTheSourceCannotHonourThoughTheHeapIsOpen) {
    fake.addUdmabuf();
    const auto heap = open("udmabuf,size=1M");
    EXPECT_EQ(Heap::open("udmabuf,cached=0").error().code, EOPNOTSUPP);
    EXPECT_EQ(Heap::open("udmabuf,contiguous=1").error().code, EOPNOTSUPP);
}

TEST_F(RegistryTest, RefusesToShareMemoryThatIsNoDmaBufWhereThatIsRequired) {
    const auto heap = open("memfd,size=1M");
    const Result<std::shared_ptr<Heap>> second = Heap::open("memfd,require=dmabuf");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, EOPNOTSUPP);
    EXPECT_THAT(second.error().message(), HasSubstr("require=dmabuf"));
}

TEST_F(RegistryTest, SharesAHeapThatWasOpenedWithTheVerySameString) {
    fake.addUdmabuf();
    fake.addDmaHeap("reserved");
    for (const std::string string :
         {"memfd,size=1000001", "memfd,zone=a,cached=1,contiguous=0,cache=123,base=64K,size=1M",
          "udmabuf,size=1M,prefault=0,require=dmabuf", "dma-heap:reserved,size=1M,contiguous=0",
          "dma-heap:reserved,size=1M,contiguous=0,require=dmabuf,sanitize=0"}) {
        const auto first = open(string);
        EXPECT_EQ(open(string), first) << string;
        EXPECT_EQ(open(first->description()), first) << string;
    }
}

TEST_F(RegistryTest, ForgetsAHeapThatNobodyHolds) {
    open("memfd,size=1M");
    EXPECT_EQ(open("memfd,size=2M")->stats().size, 2u << 20);
}

TEST_F(RegistryTest, KeepsAHeapOpenAsLongAsABlockLives) {
    Block block = allocate(open("memfd,size=1M"), 1);
    EXPECT_EQ(open("memfd")->stats().blocks, 1u);
    block.reset();
    EXPECT_EQ(open("memfd,size=2M")->stats().size, 2u << 20);
}

TEST_F(RegistryTest, OpensADestroyedHeapAnew) {
    const auto first = open("memfd,size=1M");
    must(first->destroy());
    const auto second = open("memfd,size=2M");
    EXPECT_NE(second, first);
    EXPECT_TRUE(allocate(second, 1).isValid());
}

TEST_F(RegistryTest, GivesThreadsThatAskAtOnceOneHeap) {
    std::vector<std::shared_ptr<Heap>> heaps(8);
    std::vector<std::thread> threads;
    for (auto& heap : heaps)
        threads.emplace_back([&heap] { heap = open("memfd,size=1M"); });
    for (std::thread& thread : threads)
        thread.join();
    for (const auto& heap : heaps)
        EXPECT_EQ(heap, heaps[0]);
}

TEST_F(RegistryTest, HandsOutClientsThatAreNeverTheSame) {
    const uint64_t first = Heap::newClient();
    const uint64_t second = Heap::newClient();
    EXPECT_NE(first, 0u);
    EXPECT_NE(second, 0u);
    EXPECT_NE(first, second);
}

} // namespace
} // namespace mediaheap
