// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string>
#include <vector>

#include <gst/allocators/allocators.h>

#include "pool_test.h"

namespace mediaheap::test {

namespace {

constexpr const char* nv12 = "video/x-raw,format=NV12,width=322,height=242";

struct Params {
    Owned<GstCaps> caps;
    guint size = 0;
    guint min = 0;
    guint max = 0;
};

Params paramsOf(const Owned<GstBufferPool>& pool) {
    const Owned<GstStructure> config(gst_buffer_pool_get_config(pool.get()));
    Params params;
    GstCaps* caps = nullptr;
    gst_buffer_pool_config_get_params(config.get(), &caps, &params.size, &params.min, &params.max);
    params.caps.reset(caps != nullptr ? gst_caps_ref(caps) : nullptr);
    return params;
}

gsize frameSize(const char* caps) {
    const Owned<GstCaps> parsed(gst_caps_from_string(caps));
    GstVideoInfo info;
    EXPECT_TRUE(gst_video_info_from_caps(&info, parsed.get()));
    return info.size;
}

/// A configuration of @p pool that asks for lines aligned to @p mask.
GstStructure* alignedConfig(const Owned<GstBufferPool>& pool, guint mask, bool withMeta = true) {
    GstStructure* config = gst_buffer_pool_get_config(pool.get());
    const Owned<GstCaps> caps(gst_caps_from_string(nv12));
    gst_buffer_pool_config_set_params(config, caps.get(), 0, 0, 0);
    if (withMeta)
        gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
    gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT);
    GstVideoAlignment alignment;
    gst_video_alignment_reset(&alignment);
    for (guint& plane : alignment.stride_align)
        plane = mask;
    gst_buffer_pool_config_set_video_alignment(config, &alignment);
    return config;
}

using ConfigTest = PoolTest;

// GStreamer's own pool cannot read these before 1.27.2.
TEST_F(ConfigTest, LaysDrmFormatsOutAsTheFormatsThatTheyAre) {
    const struct {
        const char* drm;
        const char* plain;
    } rows[] = {{"NV12", "NV12"}, {"YU12", "I420"}, {"XR24", "BGRx"}, {"YUYV", "YUY2"}};
    for (const auto& row : rows) {
        const std::string size = ",width=322,height=242";
        const std::string drm =
            std::string("video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format=") + row.drm + size;
        const std::string plain = std::string("video/x-raw,format=") + row.plain + size;
        ASSERT_TRUE(configure(pool, {drm.c_str(), 0, 0, 0, {GST_BUFFER_POOL_OPTION_VIDEO_META}}));
        EXPECT_EQ(paramsOf(pool).size, frameSize(plain.c_str()));
        ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
        const Owned<GstBuffer> buffer = acquire(pool);
        const GstVideoMeta* meta = gst_buffer_get_video_meta(buffer.get());
        ASSERT_NE(meta, nullptr);
        EXPECT_STREQ(gst_video_format_to_string(meta->format), row.plain);
        stop();
    }
}

TEST_F(ConfigTest, RefusesDrmFormatsWhoseLayoutIsNotLinear) {
    for (const char* drm :
         {"(string)NV12:0x0100000000000002", "(string)NV12:0x0", "(string)QQQQ"}) {
        const std::string caps =
            std::string("video/x-raw(memory:DMABuf),format=DMA_DRM,width=320,height=240,"
                        "drm-format=") +
            drm;
        EXPECT_FALSE(configure(pool, {caps.c_str(), 0, 0, 0})) << drm;
    }
}

TEST_F(ConfigTest, OffersWhatItCan) {
    EXPECT_TRUE(gst_buffer_pool_has_option(pool.get(), GST_BUFFER_POOL_OPTION_VIDEO_META));
    EXPECT_TRUE(gst_buffer_pool_has_option(pool.get(), GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT));
    // All of today's sources are cached.
    EXPECT_FALSE(
        gst_buffer_pool_has_option(pool.get(), GST_BUFFER_POOL_OPTION_MEDIA_HEAP_UNCACHED));
}

TEST_F(ConfigTest, AnOptionThatTheHeapCannotHonourIsRefusedAndNotIgnored) {
    const GstLog log("mediaheap", GST_LEVEL_WARNING);
    EXPECT_FALSE(configure(
        pool, {"test/data", 100, 0, 0, {GST_BUFFER_POOL_OPTION_MEDIA_HEAP_UNCACHED}, {}}));
    EXPECT_TRUE(log.contains("always cached")) << log.text();
}

TEST_F(ConfigTest, ABufferHasTheConfiguredSize) {
    start({"test/data", 10});
    const Owned<GstBuffer> buffer = acquire(pool);
    EXPECT_EQ(gst_buffer_get_size(buffer.get()), 10u);
    EXPECT_EQ(gst_buffer_n_memory(buffer.get()), 1u);
    EXPECT_TRUE(gst_is_media_heap_memory(gst_buffer_peek_memory(buffer.get(), 0)));
}

TEST_F(ConfigTest, AForeignAllocatorIsReplacedByTheHeaps) {
    for (const bool foreign : {false, true}) {
        GstStructure* config = gst_buffer_pool_get_config(pool.get());
        const Owned<GstCaps> caps(gst_caps_new_empty_simple("test/data"));
        gst_buffer_pool_config_set_params(config, caps.get(), foreign ? 100 : 200, 0, 0);
        const Owned<GstAllocator> system(gst_allocator_find(nullptr));
        GstAllocationParams params{};
        gst_buffer_pool_config_set_allocator(config, foreign ? system.get() : nullptr, &params);
        ASSERT_TRUE(gst_buffer_pool_set_config(pool.get(), config));

        const Owned<GstStructure> after(gst_buffer_pool_get_config(pool.get()));
        GstAllocator* used = nullptr;
        gst_buffer_pool_config_get_allocator(after.get(), &used, nullptr);
        const Owned<GstAllocator> ours(gst_media_heap_get_allocator(heap.get()));
        EXPECT_EQ(used, ours.get());
    }
}

TEST_F(ConfigTest, CapsThatAreMissingOrNotFixedAreRefused) {
    GstStructure* config = gst_buffer_pool_get_config(pool.get());
    gst_buffer_pool_config_set_params(config, nullptr, 100, 0, 0);
    EXPECT_FALSE(gst_buffer_pool_set_config(pool.get(), config));

    config = gst_buffer_pool_get_config(pool.get());
    // gst_buffer_pool_config_set_params() would not let this through.
    const Owned<GstCaps> open(gst_caps_from_string("video/x-raw,width=[1,100]"));
    gst_structure_set(config, "caps", GST_TYPE_CAPS, open.get(), nullptr);
    EXPECT_FALSE(gst_buffer_pool_set_config(pool.get(), config));
    EXPECT_FALSE(gst_buffer_pool_set_active(pool.get(), TRUE)) << "it is not configured";
}

TEST_F(ConfigTest, VideoWithoutAGeometryIsRefused) {
    EXPECT_FALSE(configure(pool, {"video/x-raw,width=100,height=100", 100000}));
    EXPECT_FALSE(configure(pool, {"video/x-raw,format=NOSUCH,width=100,height=100", 100000}));
}

TEST_F(ConfigTest, FewerBuffersThanTheMinimumAreRefused) {
    GstStructure* config = gst_buffer_pool_get_config(pool.get());
    const Owned<GstCaps> caps(gst_caps_new_empty_simple("test/data"));
    gst_buffer_pool_config_set_params(config, caps.get(), 100, 0, 0);
    gst_structure_set(config, "min-buffers", G_TYPE_UINT, 3, "max-buffers", G_TYPE_UINT, 2,
                      nullptr);
    EXPECT_FALSE(gst_buffer_pool_set_config(pool.get(), config));
}

TEST_F(ConfigTest, NoSizeIsThatOfTheFrame) {
    EXPECT_TRUE(configure(pool, {nv12, 0}));
    EXPECT_EQ(paramsOf(pool).size, frameSize(nv12));
    EXPECT_TRUE(configure(pool, {nv12, static_cast<guint>(frameSize(nv12)) + 1000}));
    EXPECT_EQ(paramsOf(pool).size, frameSize(nv12) + 1000) << "more is kept";
    EXPECT_FALSE(configure(pool, {nv12, static_cast<guint>(frameSize(nv12)) - 1}));
}

TEST_F(ConfigTest, OtherCapsComeWithTheirSize) {
    EXPECT_FALSE(configure(pool, {"image/jpeg", 0}));
    EXPECT_TRUE(configure(pool, {"image/jpeg", 5000}));
    EXPECT_TRUE(configure(pool, {"audio/x-raw,format=S16LE,rate=48000,channels=2", 4096}));
    EXPECT_EQ(paramsOf(pool).size, 4096u);
}

TEST_F(ConfigTest, DmaBufCapsAreFramesLikeAnyOther) {
    EXPECT_TRUE(
        configure(pool, {"video/x-raw(memory:DMABuf),format=NV12,width=322,height=242", 0}));
    EXPECT_EQ(paramsOf(pool).size, frameSize(nv12));
}

#if GST_CHECK_VERSION(1, 24, 0)
TEST_F(ConfigTest, DrmFormatsAreFramesWhereTheyAreLinear) {
    EXPECT_TRUE(configure(pool, {"video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format=NV12,"
                                 "width=322,height=242",
                                 0}));
    EXPECT_EQ(paramsOf(pool).size, frameSize(nv12));
    EXPECT_FALSE(configure(pool, {"video/x-raw(memory:DMABuf),format=DMA_DRM,"
                                  "drm-format=NV12:0x0100000000000002,width=322,height=242",
                                  1000000}))
        << "nobody knows how a tiled frame lies in memory";
}
#endif

TEST_F(ConfigTest, ARefusalLeavesTheOldConfigurationInForce) {
    ASSERT_TRUE(configure(pool, {"test/data", 100, 2, 3}));
    EXPECT_FALSE(configure(pool, {nv12, 10, 1, 1}));
    const Params params = paramsOf(pool);
    const Owned<GstCaps> before(gst_caps_new_empty_simple("test/data"));
    EXPECT_TRUE(gst_caps_is_equal(params.caps.get(), before.get()));
    EXPECT_EQ(params.size, 100u);
    EXPECT_EQ(params.min, 2u);
    EXPECT_EQ(params.max, 3u);
    EXPECT_FALSE(configure(pool, {nv12, 10, 1, 1})) << "the second attempt is no better";
    EXPECT_FALSE(configure(pool, {"test/data", 0, 1, 1, {GST_BUFFER_POOL_OPTION_VIDEO_META}, {}}));
    const Owned<GstStructure> config(gst_buffer_pool_get_config(pool.get()));
    EXPECT_FALSE(
        gst_buffer_pool_config_has_option(config.get(), GST_BUFFER_POOL_OPTION_VIDEO_META));

    ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    EXPECT_EQ(gst_buffer_get_size(acquire(pool).get()), 100u);
    EXPECT_EQ(blocks(), 2u);
}

TEST_F(ConfigTest, AnActivePoolIsNotReconfigured) {
    EXPECT_FALSE(gst_buffer_pool_set_active(pool.get(), TRUE)) << "not configured yet";
    start({"test/data", 10, 1, 0});
    GstStructure* same = gst_buffer_pool_get_config(pool.get());
    EXPECT_TRUE(gst_buffer_pool_set_config(pool.get(), same));
    EXPECT_FALSE(configure(pool, {"test/data", 12, 1, 0}));
    EXPECT_TRUE(gst_buffer_pool_is_active(pool.get()));
    EXPECT_EQ(paramsOf(pool).size, 10u);
}

TEST_F(ConfigTest, APoolWithBuffersOutIsNotReconfigured) {
    start({"test/data", 10, 1, 0});
    Owned<GstBuffer> buffer = acquire(pool);
    stop();
    EXPECT_FALSE(configure(pool, {"test/data", 12}));
    buffer.reset();
    EXPECT_TRUE(configure(pool, {"test/data", 12}));
    ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    EXPECT_EQ(gst_buffer_get_size(acquire(pool).get()), 12u);
}

TEST_F(ConfigTest, ChangesCanBeValidated) {
    ASSERT_TRUE(configure(pool, {"test/data", 5, 4, 30}));
    const Owned<GstStructure> config(gst_buffer_pool_get_config(pool.get()));
    const Owned<GstCaps> caps(gst_caps_new_empty_simple("test/data"));
    const Owned<GstCaps> others(gst_caps_new_empty_simple("test/others"));
    const auto validate = [&config](const Owned<GstCaps>& with, guint size, guint min) {
        return gst_buffer_pool_config_validate_params(config.get(), with.get(), size, min, 0);
    };
    EXPECT_TRUE(validate(caps, 5, 4));
    EXPECT_TRUE(validate(caps, 4, 2));
    EXPECT_FALSE(validate(caps, 6, 4));
    EXPECT_FALSE(validate(caps, 5, 6));
    EXPECT_FALSE(validate(others, 5, 4));
}

TEST_F(ConfigTest, AFrameBearsItsLayoutWhereTheMetaIsOn) {
    start({nv12, 0, 0, 0, {GST_BUFFER_POOL_OPTION_VIDEO_META}, {}});
    const Owned<GstBuffer> buffer = acquire(pool);
    const GstVideoMeta* meta = gst_buffer_get_video_meta(buffer.get());
    ASSERT_NE(meta, nullptr);
    EXPECT_EQ(meta->format, GST_VIDEO_FORMAT_NV12);
    EXPECT_EQ(meta->width, 322u);
    EXPECT_EQ(meta->height, 242u);
    EXPECT_EQ(meta->n_planes, 2u);
    // Nobody asked for padding: the layout is that of a frame without a meta, so that a capture
    // device which fills the buffer in its own way is not contradicted.
    EXPECT_EQ(meta->stride[0], 324);
    EXPECT_EQ(gst_buffer_get_size(buffer.get()), frameSize(nv12));
}

TEST_F(ConfigTest, WithoutTheOptionThereIsNoMeta) {
    start({nv12, 0});
    EXPECT_EQ(gst_buffer_get_video_meta(acquire(pool).get()), nullptr);
}

TEST_F(ConfigTest, AlignedLinesAreLongerAndTheConfigurationSaysSo) {
    ASSERT_TRUE(gst_buffer_pool_set_config(pool.get(), alignedConfig(pool, 63)));
    const Params params = paramsOf(pool);
    EXPECT_EQ(params.size, 384u * 242 + 384u * 121);
    const Owned<GstStructure> config(gst_buffer_pool_get_config(pool.get()));
    GstVideoAlignment alignment;
    ASSERT_TRUE(gst_buffer_pool_config_get_video_alignment(config.get(), &alignment));
    EXPECT_EQ(alignment.padding_right, 384u - 322u);
    GstAllocationParams allocation{};
    gst_buffer_pool_config_get_allocator(config.get(), nullptr, &allocation);
    EXPECT_EQ(allocation.align & 63, 63u);

    ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    const Owned<GstBuffer> buffer = acquire(pool);
    GstVideoMeta* meta = gst_buffer_get_video_meta(buffer.get());
    EXPECT_EQ(meta->stride[0], 384);
    EXPECT_EQ(meta->stride[1], 384);
    EXPECT_EQ(meta->alignment.padding_right, alignment.padding_right);

    const Owned<GstCaps> caps(gst_caps_from_string(nv12));
    GstVideoInfo info;
    ASSERT_TRUE(gst_video_info_from_caps(&info, caps.get()));
    GstVideoFrame frame;
    ASSERT_TRUE(gst_video_frame_map(&frame, &info, buffer.get(), GST_MAP_WRITE));
    const auto* first = static_cast<guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0));
    const auto* second = static_cast<guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 1));
    EXPECT_EQ(second - first, 384 * 242);
    EXPECT_EQ(reinterpret_cast<guintptr>(first) & 63, 0u);
    gst_video_frame_unmap(&frame);
}

TEST_F(ConfigTest, AlignmentMeansNothingWithoutTheMeta) {
    ASSERT_TRUE(gst_buffer_pool_set_config(pool.get(), alignedConfig(pool, 63, false)));
    EXPECT_EQ(paramsOf(pool).size, frameSize(nv12));
}

TEST_F(ConfigTest, AlignmentBeyondReasonIsRefused) {
    for (const guint mask : {62u, 0xffffffu, G_MAXUINT})
        EXPECT_FALSE(gst_buffer_pool_set_config(pool.get(), alignedConfig(pool, mask))) << mask;
    GstStructure* config = alignedConfig(pool, 15);
    gst_structure_set(config, "padding-right", G_TYPE_UINT, G_MAXUINT, nullptr);
    EXPECT_FALSE(gst_buffer_pool_set_config(pool.get(), config));
}

TEST_F(ConfigTest, PrefixAndPaddingSurviveRecycling) {
    PoolSetup setup{"test/data", 100, 1, 1};
    setup.params.prefix = 32;
    setup.params.padding = 64;
    setup.params.align = 15;
    start(setup);
    for (int round = 0; round < 3; round++) {
        const Owned<GstBuffer> buffer = acquire(pool);
        gsize offset = 0;
        gsize maxsize = 0;
        EXPECT_EQ(gst_buffer_get_sizes(buffer.get(), &offset, &maxsize), 100u);
        EXPECT_EQ(offset, 32u) << "round " << round;
        EXPECT_GE(maxsize, 196u);
        gst_buffer_resize(buffer.get(), round - 1, 50);
    }
    EXPECT_EQ(blocks(), 1u);
}

TEST_F(ConfigTest, APoolWithoutAHeapIsRefusedAndNothingCrashes) {
    auto* object = g_object_new(GST_TYPE_MEDIA_HEAP_BUFFER_POOL, nullptr);
    const Owned<GstBufferPool> none(GST_BUFFER_POOL(gst_object_ref_sink(object)));
    EXPECT_FALSE(configure(none, {"test/data", 100}));
    EXPECT_FALSE(gst_buffer_pool_set_active(none.get(), TRUE));
    EXPECT_EQ(gst_media_heap_buffer_pool_get_heap(GST_MEDIA_HEAP_BUFFER_POOL(none.get())), nullptr);
}

TEST_F(ConfigTest, KnowsItsHeap) {
    const Owned<GstMediaHeap> owner(
        gst_media_heap_buffer_pool_get_heap(GST_MEDIA_HEAP_BUFFER_POOL(pool.get())));
    EXPECT_EQ(owner, heap);
    GstMediaHeap* property = nullptr;
    g_object_get(pool.get(), "heap", &property, nullptr);
    const Owned<GstMediaHeap> owned(property);
    EXPECT_EQ(owned, heap);
}

} // namespace

} // namespace mediaheap::test
