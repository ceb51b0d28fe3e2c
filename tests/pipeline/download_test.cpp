// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/allocators/allocators.h>

#include "emulated_machine.h"
#include "pipeline.h"

namespace mediaheap::test {

namespace {

constexpr const char* dmabuf = "memory:DMABuf";
constexpr gsize frameSize = 320 * 240 * 3 / 2;

/// mediaheapdownload, on a machine with an emulated dma-heap, and frames from that.
class Download : public GstTest {
protected:
    void SetUp() override {
        GstTest::SetUp();
        machine.emplace();
        rig.emplace("mediaheapdownload", "");
    }
    void TearDown() override {
        rig.reset();
        machine->kernel.liveBuffers();
        machine.reset();
        GstTest::TearDown();
    }

    Owned<GstAllocator> allocatorOf(const std::string& source) {
        static int zone = 0;
        const std::string heap = source + ",size=8M,zone=download" + std::to_string(zone++);
        const Owned<GstMediaHeap> opened(gst_media_heap_open(heap.c_str(), nullptr));
        EXPECT_NE(opened, nullptr) << heap;
        return Owned<GstAllocator>(gst_media_heap_get_allocator(opened.get()));
    }

    /// The picture in memory of a heap from @p source.
    Owned<GstBuffer> frameIn(const std::string& source) {
        const Owned<GstAllocator> allocator = allocatorOf(source);
        Owned<GstBuffer> frame(gst_buffer_new_allocate(allocator.get(), frameSize, nullptr));
        picture.draw(frame.get());
        return frame;
    }

    void setCopy(const char* mode) {
        gst_util_set_object_arg(G_OBJECT(rig->element()), "copy", mode);
    }

    Picture picture{"NV12", 320, 240};
    std::optional<EmulatedMachine> machine;
    std::optional<Rig> rig;
};

const std::string plainCaps = videoCaps("NV12", 320, 240);
const std::string dmabufCaps = videoCaps("NV12", 320, 240, dmabuf);

TEST_F(Download, TakesTheFeatureOff) {
    rig->start(dmabufCaps);
    Owned<GstBuffer> frame = frameIn("dma-heap:system");
    const GstBuffer* const sent = frame.get();
    const Owned<GstBuffer> arrived = rig->push(std::move(frame));
    EXPECT_EQ(arrived.get(), sent) << "the memory stays the same";
    const Owned<GstCaps> caps(gst_pad_get_current_caps(rig->harness()->sinkpad));
    const Owned<GstCaps> expected(gst_caps_from_string(plainCaps.c_str()));
    EXPECT_TRUE(gst_caps_is_subset(caps.get(), expected.get()));
    EXPECT_EQ(rig->counts(), (Counts{1, 0, 0}));
}

TEST_F(Download, LetsAnElementThatWantsPlainMemoryFollowOneThatMakesDmaBufs) {
    Pipeline pipeline("videotestsrc num-buffers=10 ! " + plainCaps +
                      " ! mediaheapupload name=upload heap=dma-heap:system,size=8M,zone=both ! " +
                      dmabufCaps +
                      " ! mediaheapdownload name=download ! videoconvert ! "
                      "video/x-raw,format=RGB ! fakesink");
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(pipeline.counts("upload"), (Counts{10, 0, 0}));
    EXPECT_EQ(pipeline.counts("download"), (Counts{10, 0, 0}));
}

TEST_F(Download, CopiesOutOfMemoryThatTheCpuReadsSlowly) {
    rig->start(dmabufCaps);
    const Owned<GstBuffer> arrived = rig->push(frameIn("dma-heap:system-uncached"));
    ASSERT_NE(arrived, nullptr);
    EXPECT_FALSE(gst_is_fd_memory(gst_buffer_peek_memory(arrived.get(), 0)));
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
    EXPECT_EQ(rig->counts(), (Counts{0, 1, frameSize}));
}

TEST_F(Download, NeverCopiesForSpeedWhereToldSo) {
    setCopy("never");
    rig->start(dmabufCaps);
    Owned<GstBuffer> frame = frameIn("dma-heap:system-uncached");
    const GstBuffer* const sent = frame.get();
    EXPECT_EQ(rig->push(std::move(frame)).get(), sent);
}

TEST_F(Download, AlwaysCopiesWhereToldSo) {
    setCopy("always");
    rig->start(plainCaps);
    const Owned<GstBuffer> arrived = rig->push(frameIn("dma-heap:system"));
    EXPECT_FALSE(gst_is_fd_memory(gst_buffer_peek_memory(arrived.get(), 0)));
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
    EXPECT_EQ(rig->counts(), (Counts{0, 1, frameSize}));
}

TEST_F(Download, ForeignMemoryPasses) {
    rig->start(plainCaps);
    Owned<GstBuffer> frame = picture.packed();
    const GstBuffer* const sent = frame.get();
    EXPECT_EQ(rig->push(std::move(frame)).get(), sent);
}

TEST_F(Download, RepacksForThoseWhoKnowNoVideoMetaEvenWhereItNeverCopies) {
    setCopy("never");
    rig->start(plainCaps);
    const Owned<GstBuffer> arrived = rig->push(picture.padded(64, 128));
    EXPECT_EQ(gst_buffer_get_video_meta(arrived.get()), nullptr);
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
    EXPECT_EQ(rig->counts().copied, 1u);

    rig->downstreamTakesVideoMeta();
    gst_harness_push_upstream_event(rig->harness(), gst_event_new_reconfigure());
    Owned<GstBuffer> padded = picture.padded(64, 128);
    const GstBuffer* const sent = padded.get();
    EXPECT_EQ(rig->push(std::move(padded)).get(), sent);
}

TEST_F(Download, CopiesIntoThePoolOfDownstream) {
    const Owned<GstBufferPool> theirs(gst_video_buffer_pool_new());
    rig->onAllocation([&theirs](GstQuery* query) {
        gst_query_add_allocation_pool(query, theirs.get(), frameSize, 2, 4);
        gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
    });
    setCopy("always");
    rig->start(dmabufCaps);
    Owned<GstBuffer> arrived = rig->push(frameIn("dma-heap:system"));
    ASSERT_NE(arrived, nullptr);
    EXPECT_EQ(arrived->pool, theirs.get());
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
}

TEST_F(Download, LeavesAPoolAloneThatSomebodyElseUses) {
    const Owned<GstBufferPool> theirs(gst_video_buffer_pool_new());
    GstStructure* config = gst_buffer_pool_get_config(theirs.get());
    const Owned<GstCaps> caps(gst_caps_from_string(plainCaps.c_str()));
    gst_buffer_pool_config_set_params(config, caps.get(), frameSize, 0, 1);
    ASSERT_TRUE(gst_buffer_pool_set_config(theirs.get(), config));
    ASSERT_TRUE(gst_buffer_pool_set_active(theirs.get(), TRUE));
    rig->onAllocation([&theirs](GstQuery* query) {
        gst_query_add_allocation_pool(query, theirs.get(), frameSize, 0, 1);
    });
    setCopy("always");
    rig->start(dmabufCaps);
    const Owned<GstBuffer> arrived = rig->push(frameIn("dma-heap:system"));
    ASSERT_NE(arrived, nullptr);
    EXPECT_NE(arrived->pool, theirs.get());
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
    gst_buffer_pool_set_active(theirs.get(), FALSE);
}

TEST_F(Download, CopiesBytesToo) {
    setCopy("always");
    rig->start("application/x-test");
    const Owned<GstBuffer> arrived = rig->push(bytes(777, 3, 2));
    EXPECT_TRUE(areBytes(arrived.get(), 777, 3));
    EXPECT_EQ(rig->counts(), (Counts{0, 1, 777}));
}

TEST_F(Download, HandsQueriesOnWhereBuffersPass) {
    const Owned<GstBufferPool> theirs(gst_buffer_pool_new());
    rig->onAllocation([&theirs](GstQuery* query) {
        gst_query_add_allocation_pool(query, theirs.get(), frameSize, 3, 0);
    });
    rig->start(plainCaps);
    EXPECT_EQ(rig->ask(plainCaps).pool, theirs);
}

TEST_F(Download, AsksForDownstreamsBuffersButNotItsPoolWhereTheFeatureComesOff) {
    const Owned<GstBufferPool> theirs(gst_buffer_pool_new());
    rig->onAllocation([&theirs](GstQuery* query) {
        gst_query_add_allocation_pool(query, theirs.get(), frameSize, 3, 0);
    });
    rig->start(dmabufCaps);
    const Proposal asked = rig->ask(dmabufCaps);
    EXPECT_EQ(asked.pool, nullptr);
    EXPECT_EQ(asked.min, 3u);
    EXPECT_TRUE(asked.videoMeta) << "it repacks where downstream cannot";
}

TEST_F(Download, AFrameTooSmallForItsCapsIsAnError) {
    setCopy("always");
    rig->start(plainCaps);
    GstFlowReturn flow = GST_FLOW_OK;
    EXPECT_EQ(rig->push(bytes(100), &flow), nullptr);
    EXPECT_EQ(flow, GST_FLOW_ERROR);
    EXPECT_TRUE(isOneTextWith(rig->errors(), {"100 bytes"}));
}

TEST_F(Download, ItsPropertySaysWhatWasSet) {
    for (const char* mode : {"auto", "never", "always"}) {
        setCopy(mode);
        gint value = -1;
        g_object_get(rig->element(), "copy", &value, nullptr);
        GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(rig->element()), "copy");
        GEnumValue* found = g_enum_get_value(G_PARAM_SPEC_ENUM(spec)->enum_class, value);
        ASSERT_NE(found, nullptr);
        EXPECT_STREQ(found->value_nick, mode);
    }
}

} // namespace

} // namespace mediaheap::test
