// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mediaheapupload over the life of a stream: seeks, other caps, states.
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>

#include <unistd.h>

#include "pipeline.h"

namespace mediaheap::test {

namespace {

class UploadStream : public GstTest {};

const std::string small = videoCaps("NV12", 320, 240);
const std::string large = videoCaps("NV12", 640, 480);

/// A heap string for @p count frames of 320x240 NV12.
std::string heapForFrames(int count) {
    const int page = getpagesize();
    const int frame = (320 * 240 * 3 / 2 + page - 1) / page * page;
    return testHeapString("size=" + std::to_string(count * frame));
}

/// A mediaheapupload whose heap is full of frames that downstream holds, and a further push that
/// waits for one of them.
class FullHeap {
public:
    FullHeap() : rig("mediaheapupload", heapForFrames(2)) {
        rig.start(small);
        for (auto& frame : held)
            frame = rig.push(picture.packed());
        waiting = std::async(std::launch::async, [this] {
            return gst_harness_push(rig.harness(), picture.packed().release());
        });
        EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout)
            << "there was room for a third frame";
    }

    Picture picture{"NV12", 320, 240};
    Rig rig;
    Owned<GstBuffer> held[2];
    std::future<GstFlowReturn> waiting;
};

TEST_F(UploadStream, ACopyWaitsForAFrameToComeBack) {
    FullHeap full;
    full.held[0].reset();
    EXPECT_EQ(full.waiting.get(), GST_FLOW_OK);
    EXPECT_EQ(full.rig.counts().copied, 3u);
    EXPECT_TRUE(full.rig.errors().empty());
}

TEST_F(UploadStream, AFlushWakesACopyThatWaits) {
    FullHeap full;
    gst_harness_push_event(full.rig.harness(), gst_event_new_flush_start());
    EXPECT_EQ(full.waiting.get(), GST_FLOW_FLUSHING);

    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(full.rig.harness(), gst_event_new_flush_stop(TRUE));
    gst_harness_push_event(full.rig.harness(), gst_event_new_segment(&segment));
    full.held[1].reset();
    const Owned<GstBuffer> next = full.rig.push(full.picture.packed());
    ASSERT_NE(next, nullptr);
    EXPECT_TRUE(full.picture.isShownBy(next.get()));
    EXPECT_TRUE(full.rig.errors().empty());
}

TEST_F(UploadStream, StoppingWakesACopyThatWaits) {
    FullHeap full;
    EXPECT_EQ(gst_element_set_state(full.rig.element(), GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
    EXPECT_EQ(full.waiting.get(), GST_FLOW_FLUSHING);
    EXPECT_TRUE(full.rig.errors().empty());
}

TEST_F(UploadStream, FlushingSeeksCopyNothing) {
    std::mutex mutex;
    std::condition_variable came;
    int frames = 0;
    Pipeline pipeline("videotestsrc num-buffers=400 ! " + small +
                      " ! mediaheapupload name=upload heap=" + testHeapString("size=8M") +
                      " ! queue max-size-buffers=3 ! fakesink sync=true");
    pipeline.onBuffer("upload", "src", [&](GstBuffer*) {
        const std::lock_guard lock(mutex);
        frames++;
        came.notify_all();
    });
    ASSERT_TRUE(pipeline.reach(GST_STATE_PLAYING));
    for (int i = 0; i < 20; i++) {
        EXPECT_TRUE(pipeline.rewind());
        std::unique_lock lock(mutex);
        const int before = frames;
        EXPECT_TRUE(
            came.wait_for(lock, std::chrono::seconds(60), [&] { return frames >= before + 2; }));
    }
    const Counts counts = pipeline.counts("upload");
    EXPECT_GE(counts.passed, 40u);
    EXPECT_EQ(counts.copied, 0u);
    EXPECT_EQ(counts.bytes, 0u);
    EXPECT_TRUE(pipeline.errors().empty()) << testing::PrintToString(pipeline.errors());
}

/// Changes the frame size every 10 frames; @p heap has to suffice.
void playWithManySizes(const std::string& heap, const std::string& sink, Counts* counts) {
    Pipeline pipeline("videotestsrc num-buffers=60 ! capsfilter name=filter caps=" + small +
                      " ! mediaheapupload name=upload heap=" + heap + " ! " + sink);
    const OwnedElement filter = pipeline.element("filter");
    int frames = 0;
    gsize sizes[2] = {};
    pipeline.onBuffer("upload", "src", [&](GstBuffer* buffer) {
        EXPECT_NE(heapOf(buffer), nullptr);
        sizes[gst_buffer_get_size(buffer) == 640 * 480 * 3 / 2]++;
        if (++frames % 10 != 0)
            return;
        const Owned<GstCaps> caps(
            gst_caps_from_string((frames / 10 % 2 == 1 ? large : small).c_str()));
        g_object_set(filter.get(), "caps", caps.get(), nullptr);
    });
    EXPECT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(frames, 60);
    EXPECT_EQ(sizes[0], 30u);
    EXPECT_EQ(sizes[1], 30u);
    *counts = pipeline.counts("upload");
}

TEST_F(UploadStream, OtherCapsInMidStreamCopyNothing) {
    Counts counts;
    playWithManySizes(testHeapString("size=8M"), "fakesink enable-last-sample=false", &counts);
    EXPECT_EQ(counts, (Counts{60, 0, 0}));
}

TEST_F(UploadStream, TheCopyThatASinkMakesOfItsLastFrameCounts) {
    // Sinks make one whenever they are asked for their wishes, so that a pool can drain.
    Counts counts;
    playWithManySizes(testHeapString("size=8M"), "fakesink", &counts);
    EXPECT_EQ(counts.passed, 60u);
    EXPECT_EQ(counts.copied, 0u);
    EXPECT_GT(counts.bytes, 0u);
}

TEST_F(UploadStream, OtherCapsInAHeapThatIsJustLargeEnough) {
    // Two large frames take as much as eight small ones, and the pool for the new size starts
    // before the other, with its two frames, has stopped.
    Counts counts;
    playWithManySizes(heapForFrames(10), "fakesink enable-last-sample=false", &counts);
    EXPECT_EQ(counts, (Counts{60, 0, 0}));
}

TEST_F(UploadStream, StartingAndStoppingOverAndOver) {
    Pipeline pipeline("videotestsrc num-buffers=3 ! " + small +
                      " ! mediaheapupload name=upload heap=" + testHeapString("size=8M") +
                      " ! fakesink");
    for (int i = 0; i < 20; i++) {
        ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
        EXPECT_EQ(pipeline.counts("upload"), (Counts{3, 0, 0})) << "counted anew each time";
        ASSERT_TRUE(pipeline.reach(i % 2 == 0 ? GST_STATE_NULL : GST_STATE_READY));
    }
}

TEST_F(UploadStream, AFrameStaysReadableWhenThePipelineIsGone) {
    const Picture picture("NV12", 320, 240);
    Owned<GstBuffer> kept;
    {
        Pipeline pipeline("videotestsrc num-buffers=5 ! " + small +
                          " ! mediaheapupload name=upload heap=" + testHeapString("size=8M") +
                          " ! fakesink");
        pipeline.onBuffer("upload", "src",
                          [&kept](GstBuffer* buffer) { kept.reset(gst_buffer_ref(buffer)); });
        ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    }
    kept.reset(gst_buffer_make_writable(kept.release()));
    picture.draw(kept.get());
    EXPECT_TRUE(picture.isShownBy(kept.get()));
    EXPECT_NE(heapOf(kept.get()), nullptr);
}

TEST_F(UploadStream, ALentPoolStaysUsableWhenTheElementHasStopped) {
    Rig rig("mediaheapupload", testHeapString("size=8M"));
    rig.start(small);
    const Proposal lent = rig.ask(small);
    ASSERT_TRUE(gst_buffer_pool_set_active(lent.pool.get(), TRUE));
    EXPECT_EQ(gst_element_set_state(rig.element(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    GstBuffer* frame = nullptr;
    ASSERT_EQ(gst_buffer_pool_acquire_buffer(lent.pool.get(), &frame, nullptr), GST_FLOW_OK);
    const Owned<GstBuffer> owned(frame);
    EXPECT_NE(heapOf(frame), nullptr);
    gst_buffer_pool_set_active(lent.pool.get(), FALSE);
}

TEST_F(UploadStream, JpegdecDecodesStraightIntoTheHeap) {
    const GstLog performance("GST_PERFORMANCE", GST_LEVEL_DEBUG);
    Pipeline pipeline("videotestsrc num-buffers=30 ! " + small +
                      " ! jpegenc ! jpegdec name=decoder ! mediaheapupload name=upload heap=" +
                      testHeapString("size=8M") + " ! fakesink");
    int inHeap = 0;
    pipeline.onBuffer("decoder", "src",
                      [&inHeap](GstBuffer* buffer) { inHeap += heapOf(buffer) != nullptr; });
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(inHeap, 30);
    EXPECT_EQ(pipeline.counts("upload"), (Counts{30, 0, 0}));
    EXPECT_FALSE(performance.contains("memcpy")) << performance.text();
}

TEST_F(UploadStream, TheEndTellsThatTheStatisticsAreComplete) {
    Pipeline pipeline("videotestsrc num-buffers=7 ! " + small +
                      " ! mediaheapupload name=upload heap=" + testHeapString("size=8M") +
                      " ! fakesink");
    guint64 passed = 0;
    const OwnedElement upload = pipeline.element("upload");
    g_signal_connect(upload.get(), "notify::stats",
                     G_CALLBACK(+[](GstElement* element, GParamSpec*, guint64* told) {
                         *told = countsOf(element).passed;
                     }),
                     &passed);
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(passed, 7u);
}

} // namespace

} // namespace mediaheap::test
