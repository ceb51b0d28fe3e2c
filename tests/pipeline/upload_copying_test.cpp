// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What mediaheapupload does with buffers that were not allocated in its heap, or lie there in a way
// that downstream cannot take.
#include "element_test.h"

#include <algorithm>

namespace mediaheap::test {

namespace {

/// mediaheapupload in a heap of its own.
class UploadCopying : public GstTest {
protected:
    void SetUp() override {
        GstTest::SetUp();
        open("size=8M");
    }
    void TearDown() override {
        rig.reset();
        heap.reset();
        GstTest::TearDown();
    }

    void open(const std::string& options) {
        heapString = testHeapString(options);
        rig.reset();
        rig.emplace("mediaheapupload", heapString);
        heap.reset(gst_media_heap_open(heapString.c_str(), nullptr));
        ASSERT_NE(heap, nullptr);
    }

    void start(const char* format, int width, int height) {
        rig->start(videoCaps(format, width, height));
    }

    std::string heapString;
    std::optional<Rig> rig;
    Owned<GstMediaHeap> heap;
};

struct Shape {
    const char* format;
    int width;
    int height;
};

class UploadCopyingFormats : public UploadCopying, public testing::WithParamInterface<Shape> {};

TEST_P(UploadCopyingFormats, OddStridesAndGapsBecomePackedWhereDownstreamKnowsNoOther) {
    const auto [format, width, height] = GetParam();
    const Picture picture(format, width, height);
    start(format, width, height);
    const Owned<GstBuffer> arrived = rig->push(picture.padded(52, 1000));
    ASSERT_NE(arrived, nullptr);
    EXPECT_EQ(heapOf(arrived.get()), heap);
    EXPECT_EQ(gst_buffer_get_video_meta(arrived.get()), nullptr);
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
    EXPECT_EQ(rig->counts(), (Counts{0, 1, GST_VIDEO_INFO_SIZE(&picture.info())}));
}

TEST_P(UploadCopyingFormats, PackedFramesFromElsewhereToo) {
    const auto [format, width, height] = GetParam();
    const Picture picture(format, width, height);
    rig->downstreamTakesVideoMeta();
    start(format, width, height);
    const Owned<GstBuffer> arrived = rig->push(picture.packed());
    ASSERT_NE(arrived, nullptr);
    EXPECT_EQ(heapOf(arrived.get()), heap);
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
}

INSTANTIATE_TEST_SUITE_P(Formats, UploadCopyingFormats,
                         testing::Values(Shape{"NV12", 322, 242}, Shape{"NV12", 33, 17},
                                         Shape{"I420", 321, 241}, Shape{"YUY2", 126, 63},
                                         Shape{"P010_10LE", 100, 50}, Shape{"RGB", 101, 77},
                                         Shape{"RGBA", 64, 64}, Shape{"GRAY8", 7, 5},
                                         Shape{"NV16", 90, 31}, Shape{"v210", 100, 20},
                                         Shape{"Y444", 1, 1}),
                         [](const testing::TestParamInfo<Shape>& shape) {
                             return std::string(shape.param.format) + "_" +
                                    std::to_string(shape.param.width) + "x" +
                                    std::to_string(shape.param.height);
                         });

TEST_F(UploadCopying, TheCroppedPartOfALargerFrame) {
    const Picture picture("NV12", 160, 90);
    start("NV12", 160, 90);
    const Owned<GstBuffer> arrived = rig->push(picture.cropped(24, 10, 320, 240));
    ASSERT_NE(arrived, nullptr);
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
    EXPECT_EQ(gst_buffer_get_video_crop_meta(arrived.get()), nullptr) << "the copy is the part";
    EXPECT_EQ(gst_buffer_get_size(arrived.get()), 160u * 90 * 3 / 2);
}

TEST_F(UploadCopying, IntoTheLayoutThatDownstreamAsksFor) {
    const Owned<GstStructure> padding(gst_structure_new("video-meta", "padding-right", G_TYPE_UINT,
                                                        48u, "stride-align0", G_TYPE_UINT, 127u,
                                                        nullptr));
    rig->downstreamTakesVideoMeta(padding.get());
    const Picture picture("I420", 200, 100);
    start("I420", 200, 100);
    const Owned<GstBuffer> arrived = rig->push(picture.packed());
    ASSERT_NE(arrived, nullptr);
    const GstVideoMeta* meta = gst_buffer_get_video_meta(arrived.get());
    ASSERT_NE(meta, nullptr);
    EXPECT_GE(meta->stride[0], 248);
    EXPECT_EQ(meta->stride[0] % 128, 0);
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
}

TEST_F(UploadCopying, AFrameOfTheHeapThatIsNotPackedOnlyWhereDownstreamNeedsIt) {
    const Picture picture("NV12", 320, 240);
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
    const auto paddedInHeap = [&] {
        Owned<GstBuffer> frame = picture.padded(64, 0);
        Owned<GstBuffer> inHeap(
            gst_buffer_new_allocate(allocator.get(), gst_buffer_get_size(frame.get()), nullptr));
        const GstVideoMeta* meta = gst_buffer_get_video_meta(frame.get());
        gsize offset[GST_VIDEO_MAX_PLANES];
        gint stride[GST_VIDEO_MAX_PLANES];
        std::copy_n(meta->offset, GST_VIDEO_MAX_PLANES, offset);
        std::copy_n(meta->stride, GST_VIDEO_MAX_PLANES, stride);
        gst_buffer_add_video_meta_full(inHeap.get(), GST_VIDEO_FRAME_FLAG_NONE,
                                       GST_VIDEO_FORMAT_NV12, 320, 240, 2, offset, stride);
        picture.draw(inHeap.get());
        return inHeap;
    };

    start("NV12", 320, 240);
    Owned<GstBuffer> arrived = rig->push(paddedInHeap());
    EXPECT_EQ(gst_buffer_get_video_meta(arrived.get()), nullptr);
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
    EXPECT_EQ(rig->counts(), (Counts{0, 1, 320 * 240 * 3 / 2}));

    rig->downstreamTakesVideoMeta();
    gst_harness_push_upstream_event(rig->harness(), gst_event_new_reconfigure());
    Owned<GstBuffer> padded = paddedInHeap();
    const GstBuffer* const sent = padded.get();
    arrived = rig->push(std::move(padded));
    EXPECT_EQ(arrived.get(), sent);
}

TEST_F(UploadCopying, BytesOfAnySize) {
    rig->start("audio/x-opus,channels=2,rate=48000,channel-mapping-family=0");
    for (const gsize size : {gsize{1}, gsize{100}, gsize{4096}, gsize{100001}}) {
        const Owned<GstBuffer> arrived = rig->push(bytes(size, 17, size > 2 ? 3 : 1));
        ASSERT_NE(arrived, nullptr);
        EXPECT_EQ(heapOf(arrived.get()), heap);
        EXPECT_TRUE(areBytes(arrived.get(), size, 17));
    }
    EXPECT_EQ(rig->counts(), (Counts{0, 4, 1 + 100 + 4096 + 100001}));
}

TEST_F(UploadCopying, AStreamWithoutCaps) {
    rig->startWithoutCaps();
    const Owned<GstBuffer> arrived = rig->push(bytes(5000));
    ASSERT_NE(arrived, nullptr);
    EXPECT_EQ(heapOf(arrived.get()), heap);
    EXPECT_TRUE(areBytes(arrived.get(), 5000));
}

TEST_F(UploadCopying, NothingOfAnEmptyBuffer) {
    rig->start("application/x-empty");
    const Owned<GstBuffer> arrived = rig->push(Owned<GstBuffer>(gst_buffer_new()));
    ASSERT_NE(arrived, nullptr);
    EXPECT_EQ(rig->counts(), (Counts{1, 0, 0}));
}

TEST_F(UploadCopying, ABlockOfAnotherHeap) {
    const Owned<GstMediaHeap> other = openTestHeap();
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(other.get()));
    rig->start("application/x-test");
    const Owned<GstBuffer> arrived = rig->push(bytesFrom(allocator.get(), 3000));
    EXPECT_EQ(heapOf(arrived.get()), heap);
    EXPECT_TRUE(areBytes(arrived.get(), 3000));
}

TEST_F(UploadCopying, AllWhenOneMemoryOfManyIsForeign) {
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
    rig->start("application/x-test");
    Owned<GstBuffer> mixed = bytesFrom(allocator.get(), 256);
    mixed.reset(gst_buffer_append(mixed.release(), bytes(256).release()));
    const Owned<GstBuffer> arrived = rig->push(std::move(mixed));
    EXPECT_EQ(gst_buffer_n_memory(arrived.get()), 1u);
    EXPECT_TRUE(areBytes(arrived.get(), 512));
    EXPECT_EQ(rig->counts(), (Counts{0, 1, 512}));
}

TEST_F(UploadCopying, TimesFlagsAndMetadataGoAlong) {
    const Picture picture("NV12", 64, 64);
    start("NV12", 64, 64);
    Owned<GstBuffer> frame = picture.padded(8, 0);
    GST_BUFFER_PTS(frame.get()) = 5 * GST_SECOND;
    GST_BUFFER_DTS(frame.get()) = 4 * GST_SECOND;
    GST_BUFFER_DURATION(frame.get()) = GST_SECOND / 30;
    GST_BUFFER_OFFSET(frame.get()) = 77;
    GST_BUFFER_FLAG_SET(frame.get(), GST_BUFFER_FLAG_DELTA_UNIT);
    GST_BUFFER_FLAG_SET(frame.get(), GST_BUFFER_FLAG_GAP);
    GST_BUFFER_FLAG_SET(frame.get(), GST_VIDEO_BUFFER_FLAG_TFF);
    const Owned<GstCaps> clock(gst_caps_new_empty_simple("timestamp/x-test"));
    gst_buffer_add_reference_timestamp_meta(frame.get(), clock.get(), 123456, GST_CLOCK_TIME_NONE);
    gst_buffer_add_video_region_of_interest_meta(frame.get(), "face", 1, 2, 3, 4);
    const Owned<GstBuffer> parent = bytes(1);
    gst_buffer_add_parent_buffer_meta(frame.get(), parent.get());

    const Owned<GstBuffer> arrived = rig->push(std::move(frame));
    ASSERT_NE(arrived, nullptr);
    ASSERT_EQ(rig->counts().copied, 1u);
    EXPECT_EQ(GST_BUFFER_PTS(arrived.get()), 5 * GST_SECOND);
    EXPECT_EQ(GST_BUFFER_DTS(arrived.get()), 4 * GST_SECOND);
    EXPECT_EQ(GST_BUFFER_DURATION(arrived.get()), GST_SECOND / 30);
    EXPECT_EQ(GST_BUFFER_OFFSET(arrived.get()), 77u);
    EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(arrived.get(), GST_BUFFER_FLAG_DELTA_UNIT));
    EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(arrived.get(), GST_BUFFER_FLAG_GAP));
    EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(arrived.get(), GST_VIDEO_BUFFER_FLAG_TFF));
    const GstReferenceTimestampMeta* stamp =
        gst_buffer_get_reference_timestamp_meta(arrived.get(), clock.get());
    ASSERT_NE(stamp, nullptr);
    EXPECT_EQ(stamp->timestamp, 123456u);
    EXPECT_NE(gst_buffer_get_video_region_of_interest_meta_id(arrived.get(), 0), nullptr);
    // What only kept the old memory alive stays behind.
    EXPECT_EQ(gst_buffer_get_parent_buffer_meta(arrived.get()), nullptr);
    EXPECT_EQ(GST_MINI_OBJECT_REFCOUNT_VALUE(parent.get()), 1);
}

TEST_F(UploadCopying, BufferAfterBufferReusesTheMemory) {
    const Picture picture("NV12", 320, 240);
    start("NV12", 320, 240);
    for (int i = 0; i < 20; i++)
        ASSERT_NE(rig->push(picture.packed()), nullptr);
    EXPECT_EQ(stat(heap.get(), "blocks"), 2u) << "as many as somebody needs who keeps one";
}

TEST_F(UploadCopying, CopiesOfLentMemoryBehindTheElementsBackCount) {
    const std::string caps = videoCaps("NV12", 320, 240);
    rig->start(caps);
    Proposal lent = rig->ask(caps);
    gst_buffer_pool_set_active(lent.pool.get(), TRUE);
    GstBuffer* frame = nullptr;
    ASSERT_EQ(gst_buffer_pool_acquire_buffer(lent.pool.get(), &frame, nullptr), GST_FLOW_OK);
    const Owned<GstBuffer> arrived = rig->push(Owned<GstBuffer>(frame));
    const Owned<GstBuffer> copy(gst_buffer_copy_deep(arrived.get()));
    EXPECT_EQ(rig->counts(), (Counts{1, 0, 320 * 240 * 3 / 2}));

    // Nor are they forgotten when the pool goes.
    gst_buffer_pool_set_active(lent.pool.get(), FALSE);
    lent.pool.reset();
    rig->ask(caps);
    EXPECT_EQ(rig->counts(), (Counts{1, 0, 320 * 240 * 3 / 2}));
}

TEST_F(UploadCopying, AFrameTooSmallForItsCapsIsAnError) {
    start("NV12", 320, 240);
    GstFlowReturn flow = GST_FLOW_OK;
    EXPECT_EQ(rig->push(bytes(1000), &flow), nullptr);
    EXPECT_EQ(flow, GST_FLOW_ERROR);
    EXPECT_TRUE(isOneTextWith(rig->errors(), {"1000 bytes", "320x240 NV12"}));
}

TEST_F(UploadCopying, PlanesThatLieOutsideOfTheMemoryAreAnError) {
    const Picture picture("NV12", 64, 64);
    start("NV12", 64, 64);
    const std::function<void(GstVideoMeta*)> lies[] = {
        [](GstVideoMeta* meta) { meta->offset[1] += 5000; },
        [](GstVideoMeta* meta) { meta->stride[0] *= 1000; },
        [](GstVideoMeta* meta) { meta->stride[0] = -64; },
        [](GstVideoMeta* meta) { meta->height = 100000; },
        [](GstVideoMeta* meta) { meta->width = 63; },
        [](GstVideoMeta* meta) { meta->format = GST_VIDEO_FORMAT_I420; },
    };
    for (const auto& lie : lies) {
        Owned<GstBuffer> frame = picture.padded(0, 0);
        lie(gst_buffer_get_video_meta(frame.get()));
        GstFlowReturn flow = GST_FLOW_OK;
        EXPECT_EQ(rig->push(std::move(frame), &flow), nullptr);
        EXPECT_EQ(flow, GST_FLOW_ERROR);
        EXPECT_EQ(rig->errors().size(), 1u);
    }
}

TEST_F(UploadCopying, ACropBeyondTheFrameIsAnError) {
    const Picture picture("NV12", 64, 64);
    start("NV12", 64, 64);
    Owned<GstBuffer> frame = picture.cropped(10, 10, 128, 128);
    gst_buffer_get_video_crop_meta(frame.get())->x = 65;
    GstFlowReturn flow = GST_FLOW_OK;
    EXPECT_EQ(rig->push(std::move(frame), &flow), nullptr);
    EXPECT_EQ(flow, GST_FLOW_ERROR);
}

TEST_F(UploadCopying, ABufferLargerThanTheHeapIsOneErrorWithHeapAndRemedy) {
    open("size=1M");
    rig->start("application/x-test");
    GstFlowReturn flow = GST_FLOW_OK;
    EXPECT_EQ(rig->push(bytes(2 << 20), &flow), nullptr);
    EXPECT_EQ(flow, GST_FLOW_ERROR);
    EXPECT_TRUE(isOneTextWith(rig->errors(), {heapString, "2097152 bytes", "larger size="}));
    EXPECT_TRUE(rig->warnings().empty());
}

} // namespace

} // namespace mediaheap::test
