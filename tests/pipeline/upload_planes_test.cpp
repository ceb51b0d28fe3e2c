// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mediaheapupload with memory-per-plane.
#include "pipeline.h"

namespace mediaheap::test {

namespace {

constexpr guint nv12Size = 320 * 240 * 3 / 2;

class UploadPlanes : public GstTest {
protected:
    void SetUp() override {
        GstTest::SetUp();
        heapString = testHeapString("size=8M");
        rig.emplace("mediaheapupload", heapString);
        heap.reset(gst_media_heap_open(heapString.c_str(), nullptr));
        ASSERT_NE(heap, nullptr);
        g_object_set(rig->element(), "memory-per-plane", TRUE, nullptr);
    }
    void TearDown() override {
        rig.reset();
        heap.reset();
        GstTest::TearDown();
    }

    std::string heapString;
    std::optional<Rig> rig;
    Owned<GstMediaHeap> heap;
};

TEST_F(UploadPlanes, AFrameOfTheLentPoolHasAMemoryForEachAndPasses) {
    const Picture picture("I420", 320, 240);
    const std::string caps = videoCaps("I420", 320, 240);
    rig->downstreamTakesVideoMeta();
    rig->start(caps);
    const Proposal lent = rig->ask(caps);
    ASSERT_TRUE(gst_buffer_pool_set_active(lent.pool.get(), TRUE));
    GstBuffer* acquired = nullptr;
    ASSERT_EQ(gst_buffer_pool_acquire_buffer(lent.pool.get(), &acquired, nullptr), GST_FLOW_OK);
    Owned<GstBuffer> frame(acquired);
    EXPECT_EQ(gst_buffer_n_memory(frame.get()), 3u);
    picture.draw(frame.get());
    const Owned<GstBuffer> arrived = rig->push(std::move(frame));
    EXPECT_EQ(arrived.get(), acquired);
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
    EXPECT_EQ(rig->counts(), (Counts{1, 0, 0}));
    gst_buffer_pool_set_active(lent.pool.get(), FALSE);
}

TEST_F(UploadPlanes, WhatIsCopiedIsTakenApart) {
    const Picture picture("NV12", 320, 240);
    rig->downstreamTakesVideoMeta();
    rig->start(videoCaps("NV12", 320, 240));
    const Owned<GstBuffer> arrived = rig->push(picture.packed());
    ASSERT_NE(arrived, nullptr);
    EXPECT_EQ(gst_buffer_n_memory(arrived.get()), 2u);
    EXPECT_EQ(heapOf(arrived.get()), heap);
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
    EXPECT_EQ(rig->counts(), (Counts{0, 1, nv12Size}));
}

TEST_F(UploadPlanes, AFrameOfTheHeapInOneMemoryIsTakenApartToo) {
    const Picture picture("NV12", 320, 240);
    rig->downstreamTakesVideoMeta();
    rig->start(videoCaps("NV12", 320, 240));
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
    Owned<GstBuffer> frame(gst_buffer_new_allocate(allocator.get(), nv12Size, nullptr));
    picture.draw(frame.get());
    const GstLog log("mediaheapupload", GST_LEVEL_DEBUG);
    const Owned<GstBuffer> arrived = rig->push(std::move(frame));
    EXPECT_EQ(gst_buffer_n_memory(arrived.get()), 2u);
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
    EXPECT_TRUE(log.contains("each plane is to be a memory of its own")) << log.text();
}

TEST_F(UploadPlanes, OneMemoryIsEnoughForOnePlane) {
    const Picture picture("YUY2", 320, 240);
    rig->start(videoCaps("YUY2", 320, 240));
    const Owned<GstBuffer> arrived = rig->push(picture.packed());
    EXPECT_EQ(gst_buffer_n_memory(arrived.get()), 1u);
}

TEST_F(UploadPlanes, ElementsThatKnowThemDrawAndReadThemWhereTheyAre) {
    Pipeline pipeline(
        "videotestsrc num-buffers=20 ! " + videoCaps("I420", 320, 240) +
        " ! mediaheapupload name=upload memory-per-plane=true heap=" + testHeapString("size=8M") +
        " ! videoconvert ! " + videoCaps("RGB", 320, 240) + " ! fakesink");
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(pipeline.counts("upload"), (Counts{20, 0, 0}));
}

} // namespace

} // namespace mediaheap::test
