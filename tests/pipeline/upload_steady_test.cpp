// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a pipeline holds of the system while it plays: from frame 50 to the end, the same.
#include "holdings.h"
#include "pipeline.h"

namespace mediaheap::test {

namespace {

class UploadSteady : public GstTest {};

TEST_F(UploadSteady, NothingGrowsOver300Frames) {
    const std::string string = testHeapString("size=64M");
    const Owned<GstMediaHeap> heap(gst_media_heap_open(string.c_str(), nullptr));
    ASSERT_NE(heap, nullptr);
    Pipeline pipeline("videotestsrc pattern=blue num-buffers=300 ! " +
                      videoCaps("NV12", 1920, 1080) +
                      " ! mediaheapupload name=upload heap=" + string + " ! fakesink name=sink");
    Holdings early;
    Holdings late;
    int frames = 0;
    pipeline.onBuffer("sink", "sink", [&](GstBuffer*) {
        frames++;
        if (frames == 50)
            early = holdings(heap.get());
        if (frames == 300)
            late = holdings(heap.get());
    });
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(frames, 300);
    EXPECT_EQ(pipeline.counts("upload"), (Counts{300, 0, 0}));

    EXPECT_NE(early.descriptors, "");
    EXPECT_EQ(late.descriptors, early.descriptors);
    EXPECT_EQ(late.blocks, early.blocks);
    EXPECT_EQ(late.used, early.used);
    // The C library's allocator may take a little more; a lost frame is 3037 KiB.
    EXPECT_LE(late.mappings, early.mappings + 2);
    EXPECT_LT(late.memoryKiB, early.memoryKiB + 1024);
    RecordProperty("frame50", std::to_string(early.memoryKiB) + " KiB");
    RecordProperty("frame300", std::to_string(late.memoryKiB) + " KiB");
}

} // namespace

} // namespace mediaheap::test
