// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The caps feature memory:DMABuf on both sides of mediaheapupload.
#include <gst/allocators/allocators.h>

#include "emulated_machine.h"
#include "pipeline.h"

namespace mediaheap::test {

namespace {

constexpr const char* dmabuf = "memory:DMABuf";

/// On a machine with an emulated dma-heap.
class UploadCaps : public GstTest {
protected:
    void SetUp() override {
        GstTest::SetUp();
        machine.emplace();
    }
    void TearDown() override {
        machine->kernel.liveBuffers();
        machine.reset();
        GstTest::TearDown();
    }

    static std::string dmaHeap() {
        static int zone = 0;
        return "dma-heap:system,size=8M,zone=caps" + std::to_string(zone++);
    }

    /// Whatever source the other tests run on.
    static std::string heapWithoutDmaBufs() {
        static int zone = 0;
        return "memfd,size=8M,zone=plain" + std::to_string(zone++);
    }

    std::optional<EmulatedMachine> machine;
};

/// What pad @p name of a mediaheapupload that is not linked takes, filtered by @p filter.
Owned<GstCaps> capsOf(GstElement* upload, const char* name, const std::string& filter) {
    GstPad* pad = gst_element_get_static_pad(upload, name);
    const Owned<GstCaps> wanted(gst_caps_from_string(filter.c_str()));
    Owned<GstCaps> caps(gst_pad_query_caps(pad, wanted.get()));
    gst_object_unref(pad);
    return caps;
}

bool contains(const Owned<GstCaps>& caps, const std::string& part) {
    const Owned<GstCaps> parsed(gst_caps_from_string(part.c_str()));
    return gst_caps_can_intersect(caps.get(), parsed.get());
}

TEST_F(UploadCaps, FramesGoAsDmaBufsToWhoWantsThem) {
    Pipeline pipeline("videotestsrc num-buffers=10 ! " + videoCaps("NV12", 320, 240) +
                      " ! mediaheapupload name=upload heap=" + dmaHeap() + " ! " +
                      videoCaps("NV12", 320, 240, dmabuf) + " ! fakesink name=sink");
    int dmabufs = 0;
    pipeline.onBuffer("sink", "sink", [&dmabufs](GstBuffer* buffer) {
        dmabufs += gst_is_dmabuf_memory(gst_buffer_peek_memory(buffer, 0));
    });
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(dmabufs, 10);
    EXPECT_EQ(pipeline.counts("upload"), (Counts{10, 0, 0}));
}

TEST_F(UploadCaps, PlainCapsComeFirstWhereDownstreamTakesBoth) {
    Pipeline pipeline("videotestsrc num-buffers=1 ! " + videoCaps("NV12", 320, 240) +
                      " ! mediaheapupload heap=" + dmaHeap() +
                      " ! capsfilter caps=video/x-raw;video/x-raw(memory:DMABuf) ! fakesink "
                      "name=sink");
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    GstPad* pad = gst_element_get_static_pad(pipeline.element("sink").get(), "sink");
    const Owned<GstCaps> caps(gst_pad_get_current_caps(pad));
    gst_object_unref(pad);
    ASSERT_NE(caps, nullptr);
    EXPECT_FALSE(gst_caps_features_contains(gst_caps_get_features(caps.get(), 0), dmabuf));
}

/// The caps that arrive at the element named sink of @p pipeline.
Owned<GstCaps> arriving(Pipeline& pipeline) {
    GstPad* pad = gst_element_get_static_pad(pipeline.element("sink").get(), "sink");
    Owned<GstCaps> caps(gst_pad_get_current_caps(pad));
    gst_object_unref(pad);
    return caps;
}

TEST_F(UploadCaps, DownstreamsFirstChoiceIsTakenWhereItTakesBoth) {
    Pipeline pipeline("videotestsrc num-buffers=2 ! " + videoCaps("NV12", 320, 240) +
                      " ! mediaheapupload heap=" + dmaHeap() +
                      " ! capsfilter caps=video/x-raw(memory:DMABuf),format=NV12;video/x-raw ! "
                      "fakesink name=sink");
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    const Owned<GstCaps> caps = arriving(pipeline);
    ASSERT_NE(caps, nullptr);
    EXPECT_TRUE(gst_caps_features_contains(gst_caps_get_features(caps.get(), 0), dmabuf));
}

TEST_F(UploadCaps, AnotherFormIsTakenWhereTheFirstChoiceIsNoneOfTheHeaps) {
    for (const char* first : {"video/x-raw(memory:GLMemory)", "video/x-raw(memory:DMABuf),width=1",
                              "video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format=NV12:0x1"}) {
        Pipeline pipeline("videotestsrc num-buffers=2 ! " + videoCaps("NV12", 320, 240) +
                          " ! mediaheapupload heap=" + dmaHeap() + " ! capsfilter caps=" + first +
                          ";video/x-raw ! fakesink name=sink");
        ASSERT_TRUE(pipeline.play()) << first << testing::PrintToString(pipeline.errors());
        const Owned<GstCaps> caps = arriving(pipeline);
        ASSERT_NE(caps, nullptr) << first;
        EXPECT_FALSE(gst_caps_features_contains(gst_caps_get_features(caps.get(), 0), dmabuf));
    }
}

TEST_F(UploadCaps, TheChoiceHoldsWhenDownstreamAsksToNegotiateAgain) {
    Rig rig("mediaheapupload", dmaHeap());
    gst_harness_set_sink_caps_str(rig.harness(),
                                  "video/x-raw(memory:DMABuf),format=NV12;video/x-raw");
    const Picture picture("NV12", 320, 240);
    rig.start(videoCaps("NV12", 320, 240));
    for (int frame = 0; frame < 3; ++frame) {
        const Owned<GstBuffer> arrived = rig.push(picture.packed());
        ASSERT_NE(arrived, nullptr);
        const Owned<GstCaps> caps(gst_pad_get_current_caps(rig.harness()->sinkpad));
        EXPECT_TRUE(gst_caps_features_contains(gst_caps_get_features(caps.get(), 0), dmabuf));
        gst_harness_push_upstream_event(rig.harness(), gst_event_new_reconfigure());
    }
}

TEST_F(UploadCaps, DrmFormatsOfLinearLayoutAreUnderstoodFromWhoeverSendsThem) {
    const std::string heapString = dmaHeap();
    Rig rig("mediaheapupload", heapString);
    const Owned<GstMediaHeap> heap(gst_media_heap_open(heapString.c_str(), nullptr));
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
    const Owned<GstMediaHeap> other(gst_media_heap_open(dmaHeap().c_str(), nullptr));
    const Owned<GstAllocator> foreign(gst_media_heap_get_allocator(other.get()));
    const Picture picture("NV12", 320, 240);
    rig.start("video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format=NV12,width=320,height=240,"
              "framerate=30/1");
    for (GstAllocator* from : {allocator.get(), foreign.get()}) {
        Owned<GstBuffer> frame(
            gst_buffer_new_allocate(from, GST_VIDEO_INFO_SIZE(&picture.info()), nullptr));
        picture.draw(frame.get());
        const Owned<GstBuffer> arrived = rig.push(std::move(frame));
        ASSERT_NE(arrived, nullptr);
        EXPECT_EQ(heapOf(arrived.get()), heap);
        EXPECT_TRUE(picture.isShownBy(arrived.get()));
    }
    EXPECT_EQ(rig.counts().passed, 1u);
    EXPECT_EQ(rig.counts().copied, 1u);
}

TEST_F(UploadCaps, TiledDrmFormatsPassUntouched) {
    Rig rig("mediaheapupload", dmaHeap());
    const Owned<GstMediaHeap> other(gst_media_heap_open(dmaHeap().c_str(), nullptr));
    const Owned<GstAllocator> foreign(gst_media_heap_get_allocator(other.get()));
    rig.start("video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format=(string)"
              "NV12:0x0100000000000002,width=320,height=240,framerate=30/1");
    Owned<GstBuffer> frame(gst_buffer_new_allocate(foreign.get(), 200000, nullptr));
    const GstBuffer* const sent = frame.get();
    EXPECT_EQ(rig.push(std::move(frame)).get(), sent) << "only its own kind can read it";
}

TEST_F(UploadCaps, AHeapWithoutDmaBufsPromisesNone) {
    Pipeline pipeline("videotestsrc num-buffers=1 ! " + videoCaps("NV12", 320, 240) +
                      " ! mediaheapupload name=upload heap=" + heapWithoutDmaBufs() + " ! " +
                      videoCaps("NV12", 320, 240, dmabuf) + " ! fakesink");
    EXPECT_FALSE(pipeline.play());
    ASSERT_FALSE(pipeline.errors().empty());
    EXPECT_NE(pipeline.errors()[0].find("Internal data stream error"), std::string::npos);
}

TEST_F(UploadCaps, DmaBufsOfTheHeapPassUnderTheirFeature) {
    const std::string heapString = dmaHeap();
    Rig rig("mediaheapupload", heapString);
    const Owned<GstMediaHeap> heap(gst_media_heap_open(heapString.c_str(), nullptr));
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
    const Picture picture("NV12", 320, 240);
    rig.start(videoCaps("NV12", 320, 240, dmabuf));
    Owned<GstBuffer> frame(
        gst_buffer_new_allocate(allocator.get(), GST_VIDEO_INFO_SIZE(&picture.info()), nullptr));
    picture.draw(frame.get());
    const GstBuffer* const sent = frame.get();
    const Owned<GstBuffer> arrived = rig.push(std::move(frame));
    EXPECT_EQ(arrived.get(), sent);
}

TEST_F(UploadCaps, ForeignDmaBufsAreCopiedIntoAHeapOfDmaBufs) {
    const std::string heapString = dmaHeap();
    Rig rig("mediaheapupload", heapString);
    const Owned<GstMediaHeap> heap(gst_media_heap_open(heapString.c_str(), nullptr));
    const Owned<GstMediaHeap> other(gst_media_heap_open(dmaHeap().c_str(), nullptr));
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(other.get()));
    const Picture picture("NV12", 320, 240);
    rig.start(videoCaps("NV12", 320, 240, dmabuf));
    Owned<GstBuffer> frame(
        gst_buffer_new_allocate(allocator.get(), GST_VIDEO_INFO_SIZE(&picture.info()), nullptr));
    picture.draw(frame.get());
    const Owned<GstBuffer> arrived = rig.push(std::move(frame));
    EXPECT_EQ(heapOf(arrived.get()), heap);
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
}

TEST_F(UploadCaps, ForeignDmaBufsPassAHeapThatHasNone) {
    Rig rig("mediaheapupload", heapWithoutDmaBufs());
    const Owned<GstMediaHeap> other(gst_media_heap_open(dmaHeap().c_str(), nullptr));
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(other.get()));
    rig.start(videoCaps("NV12", 320, 240, dmabuf));
    Owned<GstBuffer> frame(gst_buffer_new_allocate(allocator.get(), 320 * 240 * 3 / 2, nullptr));
    const GstBuffer* const sent = frame.get();
    const Owned<GstBuffer> arrived = rig.push(std::move(frame));
    EXPECT_EQ(arrived.get(), sent) << "a copy would not be what the caps promise";
}

TEST_F(UploadCaps, BothWaysAreOfferedAsLongAsTheHeapIsNotKnown) {
    Pipeline pipeline("mediaheapupload name=upload ! capsfilter caps=video/x-raw(memory:DMABuf)");
    const OwnedElement upload = pipeline.element("upload");
    const Owned<GstCaps> caps = capsOf(upload.get(), "sink", "ANY");
    EXPECT_TRUE(contains(caps, videoCaps("NV12", 320, 240)));
    EXPECT_TRUE(contains(caps, videoCaps("NV12", 320, 240, dmabuf)));
    EXPECT_FALSE(contains(caps, "audio/x-raw"));
}

TEST_F(UploadCaps, OtherMediaAreLeftAlone) {
    Pipeline pipeline("mediaheapupload name=upload ! capsfilter "
                      "caps=audio/x-raw;video/x-raw(memory:GLMemory)");
    const OwnedElement upload = pipeline.element("upload");
    const Owned<GstCaps> caps = capsOf(upload.get(), "sink", "ANY");
    EXPECT_TRUE(contains(caps, "audio/x-raw"));
    EXPECT_TRUE(contains(caps, videoCaps("RGBA", 320, 240, "memory:GLMemory")));
    EXPECT_FALSE(contains(caps, videoCaps("RGBA", 320, 240)));
    EXPECT_FALSE(contains(caps, videoCaps("RGBA", 320, 240, dmabuf)));
}

TEST_F(UploadCaps, MemoryThatOnlyItsOwnKindCanReadPasses) {
    Rig rig("mediaheapupload", dmaHeap());
    rig.start(videoCaps("RGBA", 320, 240, "memory:GLMemory"));
    Owned<GstBuffer> frame = bytes(320 * 240 * 4);
    const GstBuffer* const sent = frame.get();
    const Owned<GstBuffer> arrived = rig.push(std::move(frame));
    EXPECT_EQ(arrived.get(), sent);
    EXPECT_EQ(rig.counts(), (Counts{1, 0, 0}));
}

TEST_F(UploadCaps, EveryMapIsSyncedOnce) {
    // One START and one END for the two planes that are written, and nothing else.
    const std::string heapString = dmaHeap();
    Rig rig("mediaheapupload", heapString);
    rig.downstreamTakesVideoMeta();
    const Picture picture("NV12", 320, 240);
    rig.start(videoCaps("NV12", 320, 240));
    machine->kernel.forgetSyncCalls();
    const Owned<GstBuffer> arrived = rig.push(picture.packed());
    ASSERT_NE(arrived, nullptr);
    EXPECT_EQ(machine->kernel.syncCalls().size(), 2u);
}

} // namespace

} // namespace mediaheap::test
