// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Frames with a memory for each of their planes.
#include <fcntl.h>
#include <set>
#include <string>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vector>

#include <gst/allocators/allocators.h>

#include "pool_test.h"

namespace mediaheap::test {

namespace {

constexpr const char* perPlane = GST_BUFFER_POOL_OPTION_MEDIA_HEAP_MEMORY_PER_PLANE;
constexpr const char* videoMeta = GST_BUFFER_POOL_OPTION_VIDEO_META;
constexpr const char* nv12 = "video/x-raw,format=NV12,width=322,height=242";

std::vector<gsize> sizesOf(const Owned<GstBuffer>& buffer) {
    std::vector<gsize> sizes;
    for (guint i = 0; i < gst_buffer_n_memory(buffer.get()); i++)
        sizes.push_back(
            gst_memory_get_sizes(gst_buffer_peek_memory(buffer.get(), i), nullptr, nullptr));
    return sizes;
}

GstMemory* memoryOf(const Owned<GstBuffer>& buffer, guint index) {
    return gst_buffer_peek_memory(buffer.get(), index);
}

GstVideoInfo infoOf(const char* caps) {
    const Owned<GstCaps> parsed(gst_caps_from_string(caps));
    GstVideoInfo info;
    EXPECT_TRUE(gst_video_info_from_caps(&info, parsed.get()));
    return info;
}

class PlanesTest : public PoolTest {
protected:
    /// Active, with room for @p max buffers of @p caps.
    void startSeparate(const char* caps, guint max = 0, guint min = 0) {
        start({caps, 0, min, max, {videoMeta, perPlane}});
    }
    void openSmallHeap(gsize bytes) { openHeap(("cache=0,size=" + std::to_string(bytes)).c_str()); }
};

TEST_F(PlanesTest, AreAnOptionOfThePool) {
    EXPECT_TRUE(gst_buffer_pool_has_option(pool.get(), perPlane));
    startSeparate(nv12);
    const Owned<GstBuffer> buffer = acquire(pool);
    const GstVideoInfo info = infoOf(nv12);
    EXPECT_EQ(sizesOf(buffer), (std::vector<gsize>{info.offset[1], info.size - info.offset[1]}));
    EXPECT_EQ(gst_buffer_get_size(buffer.get()), info.size);
    std::set<int> descriptors;
    for (guint i = 0; i < 2; i++) {
        GstMemory* memory = memoryOf(buffer, i);
        EXPECT_TRUE(gst_is_media_heap_memory(memory));
        EXPECT_EQ(gst_is_dmabuf_memory(memory), gst_media_heap_is_dmabuf(heap.get()));
        EXPECT_EQ(memory->offset, 0u) << "data at the beginning of its descriptor";
        descriptors.insert(gst_fd_memory_get_fd(memory));
    }
    EXPECT_EQ(descriptors.size(), 2u);
    EXPECT_EQ(blocks(), 2u);
}

TEST_F(PlanesTest, MapEachWhereItIs) {
    startSeparate(nv12);
    const Owned<GstBuffer> buffer = acquire(pool);
    GstVideoInfo info = infoOf(nv12);
    GstVideoFrame frame;
    ASSERT_TRUE(gst_video_frame_map(&frame, &info, buffer.get(), GST_MAP_WRITE));
    static_cast<guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0))[0] = 16;
    static_cast<guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 1))[0] = 128;
    gst_video_frame_unmap(&frame);
    EXPECT_EQ(Mapped(memoryOf(buffer, 0), GST_MAP_READ).data()[0], 16);
    EXPECT_EQ(Mapped(memoryOf(buffer, 1), GST_MAP_READ).data()[0], 128);
    guint64 copied = 1;
    g_object_get(pool.get(), "bytes-copied", &copied, nullptr);
    EXPECT_EQ(copied, 0u);
}

TEST_F(PlanesTest, CarryTheMetaEvenWhereNobodyAskedForIt) {
    start({nv12, 0, 0, 0, {perPlane}});
    const Owned<GstBuffer> buffer = acquire(pool);
    const GstVideoMeta* meta = gst_buffer_get_video_meta(buffer.get());
    ASSERT_NE(meta, nullptr) << "else nobody could tell where a plane is";
    const GstVideoInfo info = infoOf(nv12);
    EXPECT_EQ(meta->offset[1], info.offset[1]);
    EXPECT_EQ(meta->stride[1], info.stride[1]);
    EXPECT_EQ(gst_buffer_n_memory(buffer.get()), 2u);
}

TEST_F(PlanesTest, OfEveryFormatAddUpToTheFrame) {
    for (const GstVideoFormat format : videoFormats()) {
        GstVideoInfo info;
        if (!gst_video_info_set_format(&info, format, 161, 121) || info.size == 0)
            continue; // without a layout in memory, as DMA_DRM
        const std::string caps = std::string("video/x-raw,format=") +
                                 gst_video_format_to_string(format) + ",width=161,height=121";
        for (const bool padded : {false, true}) {
            // gst_video_info_align() moves palettes, and planes of tiles, out of the frame.
            if (padded && (GST_VIDEO_FORMAT_INFO_HAS_PALETTE(info.finfo) ||
                           GST_VIDEO_FORMAT_INFO_IS_TILED(info.finfo)))
                continue;
            pool.reset(gst_media_heap_buffer_pool_new(heap.get()));
            GstStructure* config = gst_buffer_pool_get_config(pool.get());
            const Owned<GstCaps> parsed(gst_caps_from_string(caps.c_str()));
            gst_buffer_pool_config_set_params(config, parsed.get(), 0, 0, 0);
            gst_buffer_pool_config_add_option(config, videoMeta);
            gst_buffer_pool_config_add_option(config, perPlane);
            GstVideoAlignment alignment;
            gst_video_alignment_reset(&alignment);
            alignment.padding_left = 32;
            alignment.padding_top = 16;
            alignment.padding_bottom = 8;
            alignment.stride_align[0] = 63;
            GstVideoInfo aligned = info;
            GstVideoAlignment copy = alignment;
            if (padded && !gst_video_info_align(&aligned, &copy)) {
                gst_structure_free(config);
                continue; // GRAY10_LE32
            }
            if (padded) {
                gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT);
                gst_buffer_pool_config_set_video_alignment(config, &alignment);
            }
            ASSERT_TRUE(gst_buffer_pool_set_config(pool.get(), config)) << caps;
            ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE)) << caps;
            const Owned<GstBuffer> buffer = acquire(pool);
            ASSERT_EQ(gst_buffer_n_memory(buffer.get()), info.finfo->n_planes) << caps;

            // Every plane begins in a memory of its own, behind its own padding.
            const GstVideoMeta* meta = gst_buffer_get_video_meta(buffer.get());
            for (guint plane = 0; plane < meta->n_planes; plane++) {
                guint index = 0;
                guint length = 0;
                gsize skip = 0;
                ASSERT_TRUE(gst_buffer_find_memory(buffer.get(), meta->offset[plane], 1, &index,
                                                   &length, &skip))
                    << caps;
                EXPECT_EQ(index, plane) << caps << (padded ? ", padded" : "");
                EXPECT_EQ(skip == 0, !padded) << caps;
            }
            stop();
        }
    }
}

TEST_F(PlanesTest, FormatsOfOnePlaneAndOtherDataStayOneMemory) {
    startSeparate("video/x-raw,format=YUY2,width=320,height=240");
    EXPECT_EQ(gst_buffer_n_memory(acquire(pool).get()), 1u);
    stop();
    start({"test/data", 1000, 0, 0, {perPlane}});
    EXPECT_EQ(gst_buffer_n_memory(acquire(pool).get()), 1u);
}

TEST_F(PlanesTest, WhatABufferHasBeyondItsFrameIsBehindTheLast) {
    const GstVideoInfo info = infoOf(nv12);
    start({nv12, static_cast<guint>(info.size) + 1000, 0, 0, {videoMeta, perPlane}});
    const Owned<GstBuffer> buffer = acquire(pool);
    EXPECT_EQ(sizesOf(buffer),
              (std::vector<gsize>{info.offset[1], info.size - info.offset[1] + 1000}));
}

TEST_F(PlanesTest, ComeBackTogetherAsTheSameMemories) {
    startSeparate("video/x-raw,format=I420,width=320,height=240", 1);
    Owned<GstBuffer> buffer = acquire(pool);
    const std::vector<GstMemory*> before{memoryOf(buffer, 0), memoryOf(buffer, 1),
                                         memoryOf(buffer, 2)};
    const std::vector<gsize> sizes = sizesOf(buffer);
    gst_buffer_set_size(buffer.get(), 10);
    buffer.reset();
    buffer = acquireNow(pool);
    ASSERT_NE(buffer, nullptr);
    EXPECT_EQ(
        (std::vector<GstMemory*>{memoryOf(buffer, 0), memoryOf(buffer, 1), memoryOf(buffer, 2)}),
        before);
    EXPECT_EQ(sizesOf(buffer), sizes) << "whatever became of them meanwhile";
    EXPECT_EQ(blocks(), 3u);
}

TEST_F(PlanesTest, AFrameCountsAsLongAsSomebodyHoldsOneOfThem) {
    startSeparate(nv12, 1);
    Owned<GstBuffer> buffer = acquire(pool);
    Owned<GstMemory> part(gst_memory_share(memoryOf(buffer, 1), 0, 100));
    buffer.reset();
    GstFlowReturn result = GST_FLOW_OK;
    EXPECT_EQ(acquireNow(pool, &result), nullptr);
    EXPECT_EQ(result, GST_FLOW_EOS);
    part.reset();
    EXPECT_NE(acquireNow(pool, &result), nullptr) << "anew, since its buffer has come apart";
    EXPECT_EQ(blocks(), 2u);
}

TEST_F(PlanesTest, ABufferThatLostOneIsMadeAnew) {
    startSeparate(nv12, 1);
    Owned<GstBuffer> buffer = acquire(pool);
    gst_buffer_remove_memory(buffer.get(), 0);
    buffer.reset();
    buffer = acquireNow(pool);
    ASSERT_NE(buffer, nullptr);
    EXPECT_EQ(gst_buffer_n_memory(buffer.get()), 2u);
    // Exchanged places are no frame either.
    GstMemory* first = gst_buffer_get_memory(buffer.get(), 0);
    gst_buffer_remove_memory(buffer.get(), 0);
    gst_buffer_append_memory(buffer.get(), first);
    buffer.reset();
    buffer = acquireNow(pool);
    ASSERT_NE(buffer, nullptr);
    const GstVideoInfo info = infoOf(nv12);
    EXPECT_EQ(sizesOf(buffer)[0], info.offset[1]);
}

TEST_F(PlanesTest, AHeapWithRoomForHalfAFrameRefusesAndKeepsNothing) {
    const gsize page = static_cast<gsize>(sysconf(_SC_PAGESIZE));
    const GstVideoInfo info = infoOf(nv12);
    openSmallHeap((info.offset[1] + page - 1) / page * page);
    ASSERT_TRUE(configure(pool, {nv12, 0, 1, 0, {videoMeta, perPlane}}));
    const GstLog log("mediaheap", GST_LEVEL_ERROR);
    EXPECT_FALSE(gst_buffer_pool_set_active(pool.get(), TRUE));
    EXPECT_EQ(stat(heap.get(), "used"), 0u);
    EXPECT_TRUE(log.contains("size=")) << log.text();

    ASSERT_TRUE(configure(pool, {nv12, 0, 0, 0, {videoMeta, perPlane}}));
    ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    GstFlowReturn result = GST_FLOW_OK;
    EXPECT_EQ(acquire(pool, &result), nullptr);
    EXPECT_EQ(result, GST_FLOW_ERROR) << "neither waits for itself nor tries for ever";
    EXPECT_EQ(stat(heap.get(), "used"), 0u);
}

TEST_F(PlanesTest, AreAllWaitedForWhereDevicesWorkOnThem) {
    startSeparate(nv12, 1);
    Owned<GstBuffer> buffer = acquire(pool);
    const int fence = eventfd(0, EFD_CLOEXEC);
    const int hand = fcntl(fence, F_DUPFD_CLOEXEC, 0);
    const bool taken =
        gst_media_heap_memory_import_fence(memoryOf(buffer, 1), fence, GST_MAP_WRITE, nullptr);
    if (gst_media_heap_is_dmabuf(heap.get())) {
        EXPECT_FALSE(taken) << "a DMA-BUF takes the kernel's fences alone";
        close(hand);
        return;
    }
    ASSERT_TRUE(taken);
    buffer.reset();
    GstFlowReturn result = GST_FLOW_OK;
    EXPECT_EQ(acquireNow(pool, &result), nullptr) << "its second plane is the device's";
    EXPECT_EQ(result, GST_FLOW_EOS);
    ASSERT_EQ(eventfd_write(hand, 1), 0);
    EXPECT_NE(acquireNow(pool, &result), nullptr);
    close(hand);
}

} // namespace

} // namespace mediaheap::test
