// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A stream that changes its size in mid-stream, ten times there and back, in a heap with room for
// the new format's minimum of buffers and what downstream still holds of the old one; and no more.
#include <array>
#include <cstdlib>
#include <deque>

#include <unistd.h>

#include "pipeline.h"
#include "property.h"

namespace mediaheap::test {

namespace {

constexpr int changes = 20; // ten times up, ten times down
constexpr int perFormat = 3;

/// Whether frames can be as large as they are meant to be: the caches of a simulated heap,
/// sanitizers and the VM's emulated processor would take minutes for it.
bool isFast() {
#ifdef MEDIAHEAP_TEST_SANITIZED
    return false;
#else
    return std::getenv("MEDIAHEAP_VM") == nullptr &&
           testHeapString("").find("simulated") == std::string::npos;
#endif
}

/// 1080p, or a sixteenth of it where that would take too long.
struct Size {
    explicit Size(int times)
        : width((isFast() ? 1920 : 480) * times), height((isFast() ? 1080 : 270) * times) {}
    guint64 frame() const { return static_cast<guint64>(width) * height * 3 / 2; }
    guint64 block() const {
        const auto page = static_cast<guint64>(getpagesize());
        return (frame() + page - 1) / page * page;
    }
    std::string caps() const { return videoCaps("NV12", width, height); }

    const int width;
    const int height;
};

const Size hd(1);
const Size uhd(2); // 4K

class UploadRenegotiation : public GstTest, public testing::WithParamInterface<const char*> {
protected:
    void open(guint64 bytes) {
        string = testHeapString("");
        // Where blocks lie where they were placed, a frame that is held splits what is free: to
        // have room in one piece takes more than the sum.
        places = string.rfind("udmabuf", 0) == 0;
        string = testHeapString("size=" + std::to_string(places ? 2 * bytes : bytes));
        heap.reset(gst_media_heap_open(string.c_str(), nullptr));
        ASSERT_NE(heap, nullptr);
    }
    void TearDown() override {
        EXPECT_EQ(stat(heap.get(), "used"), 0u);
        EXPECT_LE(stat(heap.get(), "peak"), stat(heap.get(), "size"));
        heap.reset();
        GstTest::TearDown();
    }

    /// Plays frames of both sizes in turn; downstream holds the last @p holding of them.
    void play(const std::string& upload, const std::string& sink, size_t holding);

    std::string string;
    bool places = false;
    Owned<GstMediaHeap> heap;
    Counts counts;
};

void UploadRenegotiation::play(const std::string& upload, const std::string& sink, size_t holding) {
    const std::array<std::string, 2> formats = {hd.caps(), uhd.caps()};
    Pipeline pipeline(
        "videotestsrc pattern=blue num-buffers=" + std::to_string(perFormat * (changes + 1)) +
        " ! capsfilter name=filter caps=" + formats[0] +
        " ! mediaheapupload name=upload when-full=" + GetParam() + " heap=" + string + " " +
        upload + " ! " + sink);
    const OwnedElement filter = pipeline.element("filter");
    std::deque<Owned<GstBuffer>> held;
    int made = 0;
    int frames = 0;
    int inHeap = 0;
    std::array<int, 2> ofSize{};
    pipeline.onBuffer("sink", "sink", [&](GstBuffer* buffer) {
        frames++;
        inHeap += heapOf(buffer) != nullptr;
        ofSize[gst_buffer_get_size(buffer) == uhd.frame()]++;
        held.emplace_back(gst_buffer_ref(buffer));
        if (held.size() > holding)
            held.pop_front();
    });
    pipeline.onBuffer("upload", "sink", [&](GstBuffer*) {
        if (++made % perFormat != 0 || made / perFormat > changes)
            return;
        const Owned<GstCaps> caps(gst_caps_from_string(formats[made / perFormat % 2].c_str()));
        g_object_set(filter.get(), "caps", caps.get(), nullptr);
    });
    EXPECT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_TRUE(pipeline.warnings().empty()) << testing::PrintToString(pipeline.warnings());
    held.clear();
    EXPECT_EQ(frames, perFormat * (changes + 1));
    EXPECT_EQ(inHeap, frames);
    EXPECT_EQ(ofSize[0], perFormat * (changes / 2 + 1));
    EXPECT_EQ(ofSize[1], perFormat * changes / 2);
    counts = pipeline.counts("upload");
}

TEST_P(UploadRenegotiation, WhileDownstreamHoldsFramesOfTheOldSize) {
    // Three buffers are what a downstream that holds two needs: it says so nowhere, so the user
    // does.
    open(3 * uhd.block() + 2 * hd.block());
    play("min-buffers=3", "fakesink name=sink enable-last-sample=false", 2);
    EXPECT_EQ(counts, (Counts{perFormat * (changes + 1), 0, 0}));
}

TEST_P(UploadRenegotiation, ThroughAQueue) {
    open(4 * uhd.block() + 2 * hd.block());
    play("min-buffers=3", "queue max-size-buffers=2 ! fakesink name=sink enable-last-sample=false",
         0);
    EXPECT_EQ(counts, (Counts{perFormat * (changes + 1), 0, 0}));
}

// Sinks copy their last frame whenever they are asked for their wishes, so that pools can drain.
TEST_P(UploadRenegotiation, WhileTheSinkCopiesItsLastFrame) {
    open(2 * uhd.block() + hd.block());
    const GstLog log("mediaheap", GST_LEVEL_INFO);
    play("", "fakesink name=sink", 0);
    EXPECT_EQ(counts.passed, static_cast<guint64>(perFormat * (changes + 1)));
    EXPECT_EQ(counts.copied, 0u);
    // One at each change; for a large one the heap has no room.
    if (!places) {
        EXPECT_EQ(counts.bytes, changes / 2 * (hd.frame() + uhd.frame()));
    }
    const std::string text = log.text();
    int toSystem = 0;
    for (size_t at = text.find("copying to system memory"); at != std::string::npos;
         at = text.find("copying to system memory", at + 1))
        toSystem++;
    if (places) {
        EXPECT_LE(toSystem, changes);
    } else {
        EXPECT_EQ(toSystem, changes / 2);
    }
}

INSTANTIATE_TEST_SUITE_P(WhenFull, UploadRenegotiation, testing::Values("reclaim", "wait"),
                         [](const auto& policy) { return std::string(policy.param); });

} // namespace

} // namespace mediaheap::test
