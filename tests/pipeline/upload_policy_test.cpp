// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The properties of mediaheapupload that say how its pools get on with a heap that others use too.
#include <chrono>
#include <future>
#include <memory>
#include <vector>

#include <unistd.h>

#include "element_test.h"
#include "emulated_machine.h"

namespace mediaheap::test {

namespace {

const std::string caps = videoCaps("NV12", 320, 240);
constexpr guint64 frameSize = 320 * 240 * 3 / 2;

guint64 block() {
    const auto page = static_cast<guint64>(getpagesize());
    return (frameSize + page - 1) / page * page;
}

class UploadPolicy : public GstTest {
protected:
    void open(int frames) {
        openString(
            testHeapString("size=" + std::to_string(static_cast<guint64>(frames) * block())));
    }
    void openString(const std::string& heapString) {
        string = heapString;
        heap.reset(gst_media_heap_open(string.c_str(), nullptr));
        rig = std::make_unique<Rig>("mediaheapupload", string);
    }
    void TearDown() override {
        rig.reset();
        heap.reset();
        GstTest::TearDown();
    }
    template <typename T> void set(const char* property, T value) {
        g_object_set(rig->element(), property, value, nullptr);
    }
    /// A frame from @p pool with the picture in it.
    Owned<GstBuffer> frameOf(GstBufferPool* pool, GstFlowReturn* result = nullptr) {
        GstBufferPoolAcquireParams params{};
        params.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT;
        GstBuffer* frame = nullptr;
        const GstFlowReturn flow = gst_buffer_pool_acquire_buffer(pool, &frame, &params);
        if (result)
            *result = flow;
        if (frame)
            picture.draw(frame);
        return Owned<GstBuffer>(frame);
    }

    const Picture picture{"NV12", 320, 240};
    std::string string;
    Owned<GstMediaHeap> heap;
    std::unique_ptr<Rig> rig;
};

TEST_F(UploadPolicy, ReachesTheLentPool) {
    open(16);
    set("min-buffers", 3u);
    set("max-buffers", 5u);
    set("max-bytes", guint64{7 << 20});
    set("when-full", GST_MEDIA_HEAP_WHEN_FULL_FAIL);
    set("max-wait", guint64{17});
    rig->start(caps);
    const Proposal lent = rig->ask(caps);
    EXPECT_EQ(lent.min, 3u);
    EXPECT_EQ(lent.max, 5u) << "upstream configures the pool with what the query says";
    const Owned<GstStructure> config(gst_buffer_pool_get_config(lent.pool.get()));
    guint min = 0;
    guint max = 0;
    gst_buffer_pool_config_get_params(config.get(), nullptr, nullptr, &min, &max);
    EXPECT_EQ(min, 3u);
    EXPECT_EQ(max, 5u);
    EXPECT_EQ(gst_media_heap_buffer_pool_config_get_max_bytes(config.get()), guint64{7 << 20});
    GstClockTime wait = 0;
    EXPECT_EQ(gst_media_heap_buffer_pool_config_get_when_full(config.get(), &wait),
              GST_MEDIA_HEAP_WHEN_FULL_FAIL);
    EXPECT_EQ(wait, 17u);
}

TEST_F(UploadPolicy, IsReadBackAsItWasSet) {
    open(16);
    set("max-bytes", guint64{12345});
    set("copy-threshold", 4u);
    guint64 bytes = 0;
    guint threshold = 0;
    guint64 wait = 0;
    gint policy = -1;
    g_object_get(rig->element(), "max-bytes", &bytes, "copy-threshold", &threshold, "max-wait",
                 &wait, "when-full", &policy, nullptr);
    EXPECT_EQ(bytes, 12345u);
    EXPECT_EQ(threshold, 4u);
    EXPECT_EQ(wait, 2 * GST_SECOND);
    EXPECT_EQ(policy, GST_MEDIA_HEAP_WHEN_FULL_RECLAIM);
}

TEST_F(UploadPolicy, DownstreamsMinimumIsKeptWhateverTheMaximum) {
    open(16);
    rig->onAllocation(
        [](GstQuery* query) { gst_query_add_allocation_pool(query, nullptr, frameSize, 6, 0); });
    set("min-buffers", 3u);
    set("max-buffers", 4u);
    rig->start(caps);
    const Proposal lent = rig->ask(caps);
    EXPECT_EQ(lent.min, 6u);
    EXPECT_EQ(lent.max, 6u);
}

TEST_F(UploadPolicy, BindsTheCopiesToo) {
    open(16);
    set("max-bytes", 2 * block());
    rig->start(caps);
    std::vector<Owned<GstBuffer>> held;
    for (int i = 0; i < 2; i++)
        held.push_back(rig->push(picture.packed()));
    EXPECT_EQ(stat(heap.get(), "used"), 2 * block());
    held.clear();
    for (int i = 0; i < 5; i++)
        EXPECT_NE(rig->push(picture.packed()), nullptr);
    EXPECT_EQ(stat(heap.get(), "peak"), 2 * block());
}

TEST_F(UploadPolicy, ABudgetSmallerThanTwoFramesIsAnErrorWithTheFigures) {
    open(16);
    set("max-bytes", 2 * block() - 1);
    gst_harness_push_event(rig->harness(), gst_event_new_stream_start("small"));
    const Owned<GstCaps> parsed(gst_caps_from_string(caps.c_str()));
    gst_harness_push_event(rig->harness(), gst_event_new_caps(parsed.get()));
    EXPECT_TRUE(
        isOneTextWith(rig->errors(), {"max-bytes=" + std::to_string(2 * block() - 1),
                                      "320x240 NV12", std::to_string(2 * block()) + " bytes"}));
}

TEST_F(UploadPolicy, AMinimumThatTheHeapCannotHoldIsOneErrorBeforeAnythingIsAllocated) {
    open(4);
    set("min-buffers", 5u);
    gst_harness_push_event(rig->harness(), gst_event_new_stream_start("many"));
    const Owned<GstCaps> parsed(gst_caps_from_string(caps.c_str()));
    for (int i = 0; i < 2; i++)
        gst_harness_push_event(rig->harness(), gst_event_new_caps(parsed.get()));
    EXPECT_TRUE(isOneTextWith(
        rig->errors(), {gst_media_heap_get_description(heap.get()), "5 frames of 320x240 NV12",
                        std::to_string(5 * block()) + " bytes", "min-buffers=4 or fewer"}));
    EXPECT_EQ(stat(heap.get(), "peak"), 0u);
}

TEST_F(UploadPolicy, AMinimumBeyondAllNumbersIsRefusedAsWell) {
    open(4);
    set("min-buffers", G_MAXUINT);
    gst_harness_push_event(rig->harness(), gst_event_new_stream_start("most"));
    const Owned<GstCaps> parsed(gst_caps_from_string(caps.c_str()));
    gst_harness_push_event(rig->harness(), gst_event_new_caps(parsed.get()));
    EXPECT_TRUE(isOneTextWith(rig->errors(), {"4294967295 frames", "min-buffers=4 or fewer"}));
}

TEST_F(UploadPolicy, BoundsThatContradictEachOtherAreWarnedOf) {
    open(16);
    gst_element_set_state(rig->element(), GST_STATE_READY);
    set("min-buffers", 5u);
    set("max-buffers", 3u);
    gst_element_set_state(rig->element(), GST_STATE_PLAYING);
    rig->start(caps);
    EXPECT_TRUE(isOneTextWith(rig->warnings(), {"max-buffers=3", "min-buffers=5"}));
    EXPECT_EQ(rig->ask(caps).max, 5u);
}

TEST_F(UploadPolicy, WhatIsNoVideoWaitsForMemoryThatOthersHave) {
    openString(testHeapString("size=64K"));
    set("max-wait", guint64{GST_CLOCK_TIME_NONE});
    rig->start("test/data");
    const std::string bytes(65536, 'x');
    Owned<GstBuffer> first =
        rig->push(Owned<GstBuffer>(gst_buffer_new_memdup(bytes.data(), bytes.size())));
    ASSERT_NE(first, nullptr);
    auto second = std::async(std::launch::async, [&] {
        return rig->push(Owned<GstBuffer>(gst_buffer_new_memdup(bytes.data(), bytes.size())));
    });
    EXPECT_EQ(second.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
    first.reset();
    EXPECT_NE(second.get(), nullptr);
    EXPECT_TRUE(rig->warnings().empty());
}

TEST_F(UploadPolicy, AnUpstreamThatWaitedInVainIsOneErrorWhichNamesWhoHasTheMemory) {
    open(4);
    set("when-full", GST_MEDIA_HEAP_WHEN_FULL_FAIL);
    rig->start(caps);
    const Proposal lent = rig->ask(caps);
    ASSERT_TRUE(gst_buffer_pool_set_active(lent.pool.get(), TRUE));
    const Owned<GstBufferPool> others(gst_media_heap_buffer_pool_new(heap.get()));
    GstStructure* config = gst_buffer_pool_get_config(others.get());
    const Owned<GstCaps> data(gst_caps_from_string("test/data"));
    gst_buffer_pool_config_set_params(config, data.get(), 2 * frameSize, 1, 0);
    gst_buffer_pool_set_config(others.get(), config);
    // The lent pool is at rest, so all that it has goes to the others.
    ASSERT_TRUE(gst_buffer_pool_set_active(others.get(), TRUE));
    GstBuffer* taken = nullptr;
    ASSERT_EQ(gst_buffer_pool_acquire_buffer(others.get(), &taken, nullptr), GST_FLOW_OK);
    Owned<GstBuffer> first(taken);
    ASSERT_EQ(gst_buffer_pool_acquire_buffer(others.get(), &taken, nullptr), GST_FLOW_OK);
    Owned<GstBuffer> second(taken);

    const Owned<gchar> name(gst_object_get_name(GST_OBJECT(others.get())));
    for (int i = 0; i < 2; i++) {
        GstBuffer* frame = nullptr;
        EXPECT_EQ(gst_buffer_pool_acquire_buffer(lent.pool.get(), &frame, nullptr), GST_FLOW_ERROR);
    }
    EXPECT_TRUE(
        isOneTextWith(rig->errors(), {gst_media_heap_get_description(heap.get()),
                                      "'" + std::string(name.get()) + "'", "2 out, 0 idle"}));
    EXPECT_TRUE(rig->warnings().empty());
    first.reset();
    second.reset();
    gst_buffer_pool_set_active(lent.pool.get(), FALSE);
    gst_buffer_pool_set_active(others.get(), FALSE);
}

// Copies where upstream's pool runs low.

TEST_F(UploadPolicy, FramesPassHoweverFewAreLeft) {
    open(16);
    set("max-buffers", 3u);
    rig->start(caps);
    const Proposal lent = rig->ask(caps);
    ASSERT_TRUE(gst_buffer_pool_set_active(lent.pool.get(), TRUE));
    std::vector<Owned<GstBuffer>> held;
    for (int i = 0; i < 3; i++)
        held.push_back(rig->push(frameOf(lent.pool.get())));
    GstFlowReturn result = GST_FLOW_OK;
    EXPECT_EQ(frameOf(lent.pool.get(), &result), nullptr);
    EXPECT_EQ(result, GST_FLOW_EOS) << "unless told otherwise";
    EXPECT_EQ(rig->counts(), (Counts{3, 0, 0}));
    held.clear();
    gst_buffer_pool_set_active(lent.pool.get(), FALSE);
}

TEST_F(UploadPolicy, BelowTheThresholdFramesAreCopiedAndUpstreamNeverStops) {
    open(16);
    set("max-buffers", 3u);
    set("copy-threshold", 2u);
    rig->start(caps);
    const Proposal lent = rig->ask(caps);
    ASSERT_TRUE(gst_buffer_pool_set_active(lent.pool.get(), TRUE));
    std::vector<Owned<GstBuffer>> held;
    for (int i = 0; i < 30; i++) {
        Owned<GstBuffer> frame = frameOf(lent.pool.get());
        ASSERT_NE(frame, nullptr) << i << ": a live source would have stopped";
        GST_BUFFER_PTS(frame.get()) = static_cast<GstClockTime>(i);
        held.push_back(rig->push(std::move(frame)));
        ASSERT_NE(held.back(), nullptr);
    }
    EXPECT_EQ(rig->counts(), (Counts{1, 29, 29 * frameSize})) << "two are to be left";
    for (int i = 0; i < 30; i++) {
        EXPECT_TRUE(picture.isShownBy(held[i].get())) << i;
        EXPECT_EQ(GST_BUFFER_PTS(held[i].get()), static_cast<GstClockTime>(i));
    }
    // Two blocks are the pool's, of which one is downstream, and two more are left to it.
    int inHeap = 0;
    for (const auto& frame : held)
        inHeap += heapOf(frame.get()) != nullptr;
    EXPECT_EQ(inHeap, 1 + 12);
    EXPECT_EQ(stat(heap.get(), "failures"), 0u);
    EXPECT_TRUE(rig->warnings().empty());

    // With the buffers back, frames pass again.
    held.clear();
    EXPECT_NE(rig->push(frameOf(lent.pool.get())), nullptr);
    EXPECT_EQ(rig->counts().passed, 2u);
    gst_buffer_pool_set_active(lent.pool.get(), FALSE);
}

TEST_F(UploadPolicy, TheHeapIsABoundToo) {
    open(4);
    set("copy-threshold", 2u);
    rig->start(caps);
    const Proposal lent = rig->ask(caps);
    EXPECT_EQ(lent.max, 0u);
    ASSERT_TRUE(gst_buffer_pool_set_active(lent.pool.get(), TRUE));
    std::vector<Owned<GstBuffer>> held;
    for (int i = 0; i < 10; i++)
        held.push_back(rig->push(frameOf(lent.pool.get())));
    EXPECT_EQ(rig->counts(), (Counts{2, 8, 8 * frameSize}));
    int inHeap = 0;
    for (const auto& frame : held)
        inHeap += heapOf(frame.get()) != nullptr;
    EXPECT_EQ(inHeap, 2) << "the room that is left is for upstream";
    held.clear();
    gst_buffer_pool_set_active(lent.pool.get(), FALSE);
}

TEST_F(UploadPolicy, ACopyHasTheLayoutOfItsFrame) {
    open(16);
    GstVideoAlignment align;
    gst_video_alignment_reset(&align);
    const Owned<GstStructure> wish(gst_structure_new("video-meta", "stride-align0", G_TYPE_UINT,
                                                     255u, "padding-bottom", G_TYPE_UINT, 8u,
                                                     nullptr));
    rig->downstreamTakesVideoMeta(wish.get());
    set("copy-threshold", 100u); // more than there are: every frame
    rig->start(caps);
    const Proposal lent = rig->ask(caps);
    GstStructure* config = gst_buffer_pool_get_config(lent.pool.get());
    gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
    ASSERT_TRUE(gst_buffer_pool_set_config(lent.pool.get(), config));
    ASSERT_TRUE(gst_buffer_pool_set_active(lent.pool.get(), TRUE));
    Owned<GstBuffer> frame = frameOf(lent.pool.get());
    const GstVideoMeta* meta = gst_buffer_get_video_meta(frame.get());
    ASSERT_NE(meta, nullptr);
    const gint stride = meta->stride[0];
    ASSERT_EQ(stride, 512);
    const Owned<GstBuffer> arrived = rig->push(std::move(frame));
    EXPECT_EQ(rig->counts().copied, 1u);
    ASSERT_NE(gst_buffer_get_video_meta(arrived.get()), nullptr);
    EXPECT_EQ(gst_buffer_get_video_meta(arrived.get())->stride[0], stride);
    EXPECT_TRUE(picture.isShownBy(arrived.get()));
    gst_buffer_pool_set_active(lent.pool.get(), FALSE);
}

TEST_F(UploadPolicy, FramesThatMustBeDmaBufsAreNotCopiedElsewhere) {
    const EmulatedMachine machine; // has DMA-BUFs
    openString("dma-heap:system,zone=policy,size=" + std::to_string(3 * block()));
    const std::string dmabuf = videoCaps("NV12", 320, 240, "memory:DMABuf");
    set("copy-threshold", 3u);
    rig->start(dmabuf);
    const Proposal lent = rig->ask(dmabuf);
    ASSERT_TRUE(gst_buffer_pool_set_active(lent.pool.get(), TRUE));
    const Owned<GstBuffer> arrived = rig->push(frameOf(lent.pool.get()));
    EXPECT_NE(heapOf(arrived.get()), nullptr);
    EXPECT_EQ(rig->counts(), (Counts{1, 0, 0}));
    gst_buffer_pool_set_active(lent.pool.get(), FALSE);
    // Before the machine.
    rig.reset();
    heap.reset();
}

} // namespace

} // namespace mediaheap::test
