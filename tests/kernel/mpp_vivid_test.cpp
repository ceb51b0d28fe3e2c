// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A driver that needs contiguous memory, vivid with videobuf2's dma-contig allocator, imports
// blocks of the MPP heap, and refuses what is not contiguous.
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <mediaheap/heap.h>

#include "bufinfo.h"
#include "kernel_module.h"
#include "must.h"
#include "vivid_capture.h"

namespace mediaheap::test {
namespace {

class VividThatNeedsContiguousMemory : public testing::Test {
protected:
    // It asks for contiguous memory only when it is loaded so; the other tests want it otherwise.
    static void load(const char* allocators) {
        const std::string vivid =
            std::string("modprobe -r vivid && modprobe vivid n_devs=1 node_types=0x101 "
                        "num_inputs=1 input_types=0 num_outputs=1 output_types=1 no_error_inj=1 "
                        "multiplanar=1 allocators=") +
            allocators;
        ASSERT_EQ(std::system(vivid.c_str()), 0);
    }
    static void SetUpTestSuite() { load("1"); }
    static void TearDownTestSuite() { load("0"); }
};

TEST_F(VividThatNeedsContiguousMemory, CapturesIntoBlocksOfTheMppHeap) {
    const KernelModule module("mediaheap_mpp", "size=8388608");
    {
        const auto heap = must(Heap::open("mpp,size=8M,zone=camera"));
        VividCapture camera;
        ASSERT_TRUE(camera.isOpen());
        const size_t frame = camera.setFormat();
        std::vector<Block> blocks;
        for (int n = 0; n < 3; ++n) {
            blocks.push_back(must(heap->allocate(frame)));
            Mapping mapping = must(blocks.back().map(Access::Write));
            std::memset(mapping.data(), 0xaa, mapping.size());
        }
        camera.request(3);
        for (unsigned n = 0; n < 3; ++n)
            camera.queue(n, blocks[n].fd(), blocks[n].size());
        EXPECT_EQ(module.number("attachments"), 3u) << "it reads our memory by its own addresses";
        camera.start();
        for (int n = 0; n < 6; ++n) {
            const unsigned index = camera.dequeue();
            ASSERT_LT(index, 3u);
            Mapping mapping = must(blocks[index].map(Access::ReadWrite));
            auto* const bytes = static_cast<unsigned char*>(mapping.data());
            size_t untouched = 0;
            for (size_t at = 0; at < frame; ++at)
                untouched += bytes[at] == 0xaa;
            EXPECT_LT(untouched, frame / 2) << "no frame landed here";
            std::memset(bytes, 0xaa, frame);
            must(mapping.end());
            camera.queue(index, blocks[index].fd(), blocks[index].size());
        }
        camera.stop();
        camera.request(0);
    }
    EXPECT_EQ(module.number("attachments"), 0u);
}

TEST_F(VividThatNeedsContiguousMemory, RefusesScatteredPages) {
    const auto heap = must(Heap::open("udmabuf,size=8M,zone=camera"));
    VividCapture camera;
    ASSERT_TRUE(camera.isOpen());
    const Block block = must(heap->allocate(camera.setFormat()));
    camera.request(2);
    EXPECT_NONFATAL_FAILURE(camera.queue(0, block.fd(), block.size()), "VIDIOC_QBUF");
    camera.request(0);
}

} // namespace
} // namespace mediaheap::test
