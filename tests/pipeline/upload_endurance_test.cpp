// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mediaheapupload over and over: what a process holds after the first rounds it holds after the
// last.
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>

#include "holdings.h"
#include "pipeline.h"
#include "property.h"

namespace mediaheap::test {

namespace {

const std::string small = videoCaps("NV12", 64, 64);
const std::string large = videoCaps("NV12", 128, 96);

/// Rounds after which everything has been made that is made once.
constexpr int warmUp = 20;

#ifdef MEDIAHEAP_TEST_SANITIZED
constexpr bool underSanitizer = true;
#else
constexpr bool underSanitizer = false;
#endif

/// @p full, or a tenth of it under a sanitizer and in the VM, where a round takes ten times as
/// long.
int rounds(int full) {
    const bool isSlow = underSanitizer || std::getenv("MEDIAHEAP_VM") != nullptr;
    return isSlow ? full / 10 + warmUp : full;
}

class UploadEndurance : public GstTest {
protected:
    void SetUp() override {
        GstTest::SetUp();
        string = testHeapString("size=2M");
        heap.reset(gst_media_heap_open(string.c_str(), nullptr));
        ASSERT_NE(heap, nullptr);
    }
    void TearDown() override {
        EXPECT_EQ(stat(heap.get(), "used"), 0u);
        heap.reset();
        GstTest::TearDown();
    }

    /// Without what the heap keeps for reuse: how much that is depends on where blocks lay.
    Holdings now() const {
        gst_media_heap_trim(heap.get());
        return holdings(heap.get());
    }

    /// Between the same points of two rounds.
    static void expectSame(const Holdings& early, const Holdings& late) {
        EXPECT_NE(early.descriptors, "");
        EXPECT_EQ(late.descriptors, early.descriptors);
        EXPECT_EQ(late.blocks, early.blocks);
        EXPECT_EQ(late.used, early.used);
        EXPECT_EQ(late.shared, early.shared); // others are the C library's, for threads
    }

    std::string string;
    Owned<GstMediaHeap> heap;
};

TEST_F(UploadEndurance, AThousandStartsAndStops) {
    Pipeline pipeline("videotestsrc num-buffers=2 ! " + small +
                      " ! mediaheapupload name=upload heap=" + string + " ! fakesink name=sink");
    int frames = 0;
    pipeline.onBuffer("sink", "sink",
                      [&frames](GstBuffer* buffer) { frames += heapOf(buffer) != nullptr; });
    Holdings early;
    for (int round = 1; round <= rounds(1000); round++) {
        ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
        ASSERT_TRUE(pipeline.reach(round % 2 == 0 ? GST_STATE_NULL : GST_STATE_READY));
        ASSERT_EQ(stat(heap.get(), "used"), 0u) << round;
        if (round == warmUp)
            early = now();
    }
    EXPECT_EQ(frames, 2 * rounds(1000));
    expectSame(early, now());
}

TEST_F(UploadEndurance, AThousandPipelines) {
    Holdings early;
    std::unique_ptr<ObjectWatch> objects;
    for (int round = 1; round <= rounds(1000); round++) {
        {
            Pipeline pipeline("videotestsrc num-buffers=1 ! " + small +
                              " ! mediaheapupload heap=" + string + " ! fakesink async=false");
            ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
        }
        if (round == warmUp) {
            early = now();
            objects = std::make_unique<ObjectWatch>();
        }
    }
    expectSame(early, now());
    const ObjectWatch::Tally tally = objects->tally();
    EXPECT_GT(tally.come, static_cast<size_t>(rounds(1000)));
    // A thread may let go of its task a moment after the pipeline; a leak would be one a round.
    EXPECT_NEAR(static_cast<double>(tally.come), static_cast<double>(tally.gone), 10);
}

TEST_F(UploadEndurance, TwoHundredFlushingSeeks) {
    Pipeline pipeline("videotestsrc ! " + small + " ! mediaheapupload name=upload heap=" + string +
                      " ! queue max-size-buffers=2 ! fakesink name=sink");
    std::mutex mutex;
    std::condition_variable came;
    int frames = 0;
    pipeline.onBuffer("upload", "src", [&](GstBuffer*) {
        const std::lock_guard lock(mutex);
        frames++;
        came.notify_all();
    });
    ASSERT_TRUE(pipeline.reach(GST_STATE_PAUSED));
    const auto seek = [&] {
        int before = 0;
        {
            const std::lock_guard lock(mutex);
            before = frames;
        }
        ASSERT_TRUE(pipeline.rewind());
        ASSERT_TRUE(pipeline.reach(GST_STATE_PAUSED));
        std::unique_lock lock(mutex);
        // The sink has one, and the queue is full: upstream stands still again.
        ASSERT_TRUE(
            came.wait_for(lock, std::chrono::seconds(60), [&] { return frames >= before + 4; }));
    };
    Holdings early;
    guint64 most = 0;
    for (int round = 1; round <= rounds(200); round++) {
        ASSERT_NO_FATAL_FAILURE(seek()) << round;
        if (round == warmUp)
            early = now();
        most = std::max(most, stat(heap.get(), "blocks"));
    }
    EXPECT_LE(most, 6u) << "sink, queue, and the one that upstream is about to push";
    expectSame(early, now());
    EXPECT_EQ(pipeline.counts("upload").copied, 0u);
    EXPECT_TRUE(pipeline.errors().empty()) << testing::PrintToString(pipeline.errors());
}

TEST_F(UploadEndurance, AHundredRenegotiationsWhileBuffersAreOut) {
    constexpr int perFormat = 3;
    const int changes = rounds(100);
    Pipeline pipeline("videotestsrc num-buffers=" + std::to_string(perFormat * (changes + 1)) +
                      " ! capsfilter name=filter caps=" + small +
                      " ! mediaheapupload name=upload heap=" + string +
                      " ! fakesink name=sink enable-last-sample=false");
    const OwnedElement filter = pipeline.element("filter");
    const std::array<Owned<GstCaps>, 2> formats = {
        Owned<GstCaps>(gst_caps_from_string(small.c_str())),
        Owned<GstCaps>(gst_caps_from_string(large.c_str()))};
    std::deque<Owned<GstBuffer>> held; // as a display or a decoder does
    int frames = 0;
    int inHeap = 0;
    size_t drawn = 0;
    Holdings early;
    Holdings late;
    pipeline.onBuffer("sink", "sink", [&](GstBuffer* buffer) {
        inHeap += heapOf(buffer) != nullptr;
        held.emplace_back(gst_buffer_ref(buffer));
        if (held.size() > 2)
            held.pop_front();
        if (++frames % perFormat == 0 && frames / perFormat <= changes) {
            drawn++;
            g_object_set(filter.get(), "caps", formats[drawn % 2].get(), nullptr);
        }
        if (frames == warmUp / 2 * 2 * perFormat)
            early = now();
        if (frames == changes / 2 * 2 * perFormat)
            late = now();
    });
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(drawn, static_cast<size_t>(changes));
    EXPECT_EQ(frames, perFormat * (changes + 1));
    EXPECT_EQ(inHeap, frames);
    EXPECT_EQ(pipeline.counts("upload"), (Counts{static_cast<guint64>(frames), 0, 0}));
    held.clear();
    expectSame(early, late);
}

TEST_F(UploadEndurance, AHundredRenegotiationsOfCopies) {
    // As from a source that knows nothing of pools.
    const int changes = rounds(100);
    const Picture pictures[] = {Picture("NV12", 64, 64), Picture("NV12", 128, 96)};
    Holdings early;
    {
        Rig rig("mediaheapupload", string);
        for (int round = 1; round <= changes; round++) {
            rig.start(round % 2 == 0 ? large : small);
            Owned<GstBuffer> held[2];
            for (auto& frame : held) {
                frame = rig.push(pictures[round % 2 == 0].packed());
                ASSERT_NE(frame, nullptr);
                ASSERT_TRUE(pictures[round % 2 == 0].isShownBy(frame.get()));
            }
            if (round == warmUp)
                early = now();
            if (round == changes / 2 * 2)
                expectSame(early, now());
        }
        EXPECT_EQ(rig.counts().copied, 2 * static_cast<guint64>(changes));
    }
}

} // namespace

} // namespace mediaheap::test
