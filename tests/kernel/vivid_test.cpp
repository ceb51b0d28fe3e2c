// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A kernel driver that imports a heap's blocks, writes frames into them, and holds them longer than
// the program does.
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "real_heap.h"
#include "vivid_capture.h"

namespace mediaheap::test {
namespace {

class VividImporter : public RealHeap {
protected:
    void SetUp() override {
        ASSERT_TRUE(camera.isOpen());
        frame = camera.setFormat();
        ASSERT_GT(frame, 640u * 360u);
        open(",size=4M,zone=camera");
    }

    VividCapture camera;
    size_t frame = 0;
};

INSTANTIATE_TEST_SUITE_P(Sources, VividImporter, testing::Values("udmabuf", "dma-heap:system"),
                         sourceName);

TEST_P(VividImporter, WritesFramesIntoOurBlocks) {
    std::vector<Block> blocks;
    for (int n = 0; n < 3; ++n) {
        blocks.push_back(allocate(frame, "frame"));
        fill(blocks.back(), 0xaa);
    }
    camera.request(3);
    for (unsigned n = 0; n < 3; ++n)
        camera.queue(n, blocks[n].fd(), blocks[n].size());
    camera.start();
    for (int n = 0; n < 6; ++n) {
        const unsigned index = camera.dequeue();
        ASSERT_LT(index, 3u);
        EXPECT_LT(count(blocks[index], 0xaa), blocks[index].size() / 2) << "no frame landed here";
        fill(blocks[index], 0xaa);
        camera.queue(index, blocks[index].fd(), blocks[index].size());
    }
    camera.stop();
    camera.request(0);
}

TEST_P(VividImporter, IsNotRobbedOfABlockThatItHolds) {
    Block block = allocate(frame, "held");
    const unsigned long long inode = inodeOf(block.fd());
    const size_t size = block.size();
    camera.request(1);
    camera.queue(0, block.fd(), size);
    camera.start();
    ASSERT_EQ(camera.dequeue(), 0u);
    EXPECT_GT(findInBufinfo(inode)->count, 2) << "the driver has no reference";

    block.reset();
    EXPECT_EQ(heap->stats().held, size);
    EXPECT_EQ(heap->stats().cached, 0u);
    EXPECT_EQ(findInBufinfo(inode)->name, "held");
    std::vector<Block> others;
    while (heap->stats().largestFree >= size) {
        others.push_back(allocate(frame, "other"));
        EXPECT_NE(inodeOf(others.back().fd()), inode) << "handed out while the driver holds it";
        fill(others.back(), 0x11);
    }
    EXPECT_GE(others.size(), 8u);
    EXPECT_FALSE(heap->allocate(frame).ok()) << "nothing but held memory is left";

    camera.stop();
    EXPECT_EQ(heap->stats().held, size) << "the driver keeps what it has imported";
    camera.request(0);
    EXPECT_EQ(heap->stats().held, 0u);
    for (const Block& other : others)
        EXPECT_TRUE(isFilledWith(other, 0x11)) << "the driver wrote into another's block";
    const Block again = allocate(frame, "again");
    EXPECT_EQ(inodeOf(again.fd()), inode) << "free again, and recycled";
    EXPECT_TRUE(isFilledWith(again, 0));
    must(heap->validate());
}

TEST_P(VividImporter, KeepsItsMemoryWhenTheHeapIsDestroyed) {
    Block block = allocate(frame);
    camera.request(1);
    camera.queue(0, block.fd(), block.size());
    block.reset();
    must(heap->destroy());
    camera.start();
    EXPECT_EQ(camera.dequeue(), 0u);
    camera.stop();
    camera.request(0);
}

TEST_P(VividImporter, LeavesTheDescriptorFreeToBeUsedAgain) {
    // vivid is given another buffer under the same index; the first must come back.
    Block first = allocate(frame);
    const Block second = allocate(frame);
    const size_t size = first.size();
    camera.request(1);
    camera.queue(0, first.fd(), size);
    camera.start();
    camera.dequeue();
    camera.queue(0, second.fd(), second.size());
    camera.dequeue();
    first.reset();
    EXPECT_EQ(heap->stats().held, 0u);
    camera.stop();
    camera.request(0);
}

} // namespace
} // namespace mediaheap::test
