// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mediaheapsimdevice in pipelines.
#include <set>

#include "pipeline.h"
#include "simulated_heap.h"

namespace mediaheap::test {

namespace {

const std::string nv12 = videoCaps("NV12", 320, 240);

class SimDeviceStream : public GstTest {
protected:
    void SetUp() override {
        GstTest::SetUp();
        heap.emplace("size=8M");
    }
    void TearDown() override {
        heap.reset();
        GstTest::TearDown();
    }

    std::string upload() const { return " ! mediaheapupload name=upload heap=" + heap->string(); }
    static guint64 violationsOf(Pipeline& pipeline, const char* name) {
        guint64 count = 0;
        g_object_get(pipeline.element(name).get(), "violations", &count, nullptr);
        return count;
    }
    static guint32 checksumOf(Pipeline& pipeline, const char* name) {
        guint checksum = 0;
        g_object_get(pipeline.element(name).get(), "checksum", &checksum, nullptr);
        return checksum;
    }

    std::optional<SimulatedHeap> heap;
};

TEST_F(SimDeviceStream, ACorrectPipelineIsPlayedWithoutAViolation) {
    Pipeline pipeline("videotestsrc num-buffers=30 ! " + nv12 + upload() +
                      " ! mediaheapsimdevice name=device op=invert strict=true"
                      " ! videoconvert ! video/x-raw,format=RGB ! fakesink");
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(pipeline.warnings(), std::vector<std::string>());
    EXPECT_EQ(violationsOf(pipeline, "device"), 0u);
    EXPECT_EQ(heap->violations(), 0u);
    EXPECT_EQ(pipeline.counts("upload"), (Counts{30, 0, 0})) << "written straight into the pool";
}

TEST_F(SimDeviceStream, ACameraIsReadWithoutAViolation) {
    // The device writes, the CPU reads, the pool lends the frames again: old and new are never
    // mixed.
    Pipeline pipeline("videotestsrc num-buffers=30 ! " + nv12 + upload() +
                      " ! mediaheapsimdevice name=camera op=fill value=77 strict=true"
                      " ! fakesink name=sink");
    std::set<guint8> seen;
    pipeline.onBuffer("sink", "sink", [&seen](GstBuffer* buffer) {
        for (const guint8 byte : contentOf(buffer))
            seen.insert(byte);
    });
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(seen, std::set<guint8>{77});
    EXPECT_EQ(heap->violations(), 0u);
}

TEST_F(SimDeviceStream, FramesThatWereCopiedIntoTheHeapAreSeenAsWell) {
    Pipeline pipeline("videotestsrc num-buffers=5 ! " + nv12 +
                      " ! identity drop-allocation=true name=plain" + upload() +
                      " ! mediaheapsimdevice name=device op=checksum strict=true ! fakesink");
    guint32 last = 0;
    pipeline.onBuffer("plain", "src",
                      [&last](GstBuffer* buffer) { last = crc32Of(contentOf(buffer)); });
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(pipeline.counts("upload").copied, 5u);
    EXPECT_EQ(checksumOf(pipeline, "device"), last);
}

TEST_F(SimDeviceStream, DevicesOnThreadsOfTheirOwnWaitForEachOther) {
    // Each of the frames is on its way through four devices; only the last buffers' sums show.
    Pipeline pipeline("videotestsrc num-buffers=30 ! " + nv12 + upload() +
                      " ! mediaheapsimdevice name=before op=checksum"
                      " ! mediaheapsimdevice op=invert async=true strict=true ! queue"
                      " ! fakesink name=sink");
    std::vector<guint32> seen;
    std::vector<guint32> sent;
    pipeline.onBuffer("before", "src", [&](GstBuffer* buffer) {
        std::vector<guint8> content = contentOf(buffer);
        for (guint8& byte : content)
            byte = static_cast<guint8>(~byte);
        sent.push_back(crc32Of(content));
    });
    pipeline.onBuffer("sink", "sink",
                      [&seen](GstBuffer* buffer) { seen.push_back(crc32Of(contentOf(buffer))); });
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(seen.size(), 30u);
    EXPECT_EQ(seen, sent) << "a map waits for the device's fence";
    EXPECT_EQ(heap->violations(), 0u);
}

TEST_F(SimDeviceStream, ABranchOfATeeSeesItsOwn) {
    Pipeline pipeline("videotestsrc num-buffers=10 ! " + nv12 + upload() +
                      " ! tee name=tee"
                      " tee. ! queue ! mediaheapsimdevice op=fill strict=true ! fakesink"
                      " tee. ! queue ! mediaheapsimdevice name=sum op=checksum strict=true"
                      " ! fakesink async=false");
    guint32 last = 0;
    pipeline.onBuffer("tee", "sink",
                      [&last](GstBuffer* buffer) { last = crc32Of(contentOf(buffer)); });
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(checksumOf(pipeline, "sum"), last);
    EXPECT_EQ(heap->violations(), 0u);
}

TEST_F(SimDeviceStream, AnElementThatForgetsItsSyncIsAWarning) {
    Pipeline pipeline("videotestsrc num-buffers=10 ! " + nv12 + " ! forgetful" + upload() +
                      " ! mediaheapsimdevice name=device ! fakesink");
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    ASSERT_FALSE(pipeline.warnings().empty());
    EXPECT_NE(pipeline.warnings()[0].find("block 'mediaheap-pool"), std::string::npos)
        << pipeline.warnings()[0];
    EXPECT_GE(violationsOf(pipeline, "device"), 10u);
    EXPECT_LT(pipeline.warnings().size(), 10u) << "frames of one block are one warning";
}

TEST_F(SimDeviceStream, StrictItIsAnError) {
    Pipeline pipeline("videotestsrc num-buffers=10 ! " + nv12 + " ! forgetful" + upload() +
                      " ! mediaheapsimdevice name=device strict=true ! fakesink");
    EXPECT_FALSE(pipeline.play());
    ASSERT_FALSE(pipeline.errors().empty());
    EXPECT_NE(pipeline.errors()[0].find("block 'mediaheap-pool"), std::string::npos)
        << pipeline.errors()[0];
}

TEST_F(SimDeviceStream, WithoutAHeapBeforeItItSaysWhatIsMissing) {
    Pipeline pipeline("videotestsrc num-buffers=3 ! " + nv12 + " ! mediaheapsimdevice ! fakesink");
    EXPECT_FALSE(pipeline.play());
    ASSERT_FALSE(pipeline.errors().empty());
    EXPECT_NE(pipeline.errors()[0].find("put mediaheapupload heap=simulated before"),
              std::string::npos)
        << pipeline.errors()[0];
}

TEST_F(SimDeviceStream, FlushingSeeksLeaveNoTrace) {
    Pipeline pipeline("videotestsrc num-buffers=60 ! " + nv12 + upload() +
                      " ! mediaheapsimdevice op=invert async=true strict=true ! queue"
                      " ! mediaheapsimdevice op=checksum strict=true ! fakesink name=sink");
    ASSERT_TRUE(pipeline.reach(GST_STATE_PAUSED)) << testing::PrintToString(pipeline.errors());
    for (int round = 0; round < 5; round++)
        ASSERT_TRUE(pipeline.rewind());
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(heap->violations(), 0u);
}

TEST_F(SimDeviceStream, StoppingAndStartingAgainLeavesNoTrace) {
    Pipeline pipeline("videotestsrc num-buffers=20 ! " + nv12 + upload() +
                      " ! mediaheapsimdevice op=fill async=true strict=true ! queue"
                      " ! mediaheapsimdevice op=invert async=true strict=true ! fakesink");
    for (int round = 0; round < 3; round++) {
        ASSERT_TRUE(pipeline.reach(GST_STATE_PAUSED)) << testing::PrintToString(pipeline.errors());
        ASSERT_TRUE(pipeline.reach(GST_STATE_READY));
    }
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(heap->violations(), 0u);
}

TEST_F(SimDeviceStream, OtherFramesInTheMiddleOfTheStream) {
    Pipeline pipeline(
        "videotestsrc num-buffers=40 ! capsfilter name=filter caps=" + nv12 + upload() +
        " ! mediaheapsimdevice op=invert strict=true"
        " ! mediaheapsimdevice name=sum op=checksum strict=true ! fakesink name=sink");
    std::set<gsize> sizes;
    int frames = 0;
    pipeline.onBuffer("sink", "sink", [&](GstBuffer* buffer) {
        sizes.insert(gst_buffer_get_size(buffer));
        if (++frames != 10)
            return;
        const Owned<GstCaps> other(gst_caps_from_string(videoCaps("I420", 640, 480).c_str()));
        g_object_set(pipeline.element("filter").get(), "caps", other.get(), nullptr);
    });
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(frames, 40);
    EXPECT_EQ(sizes, (std::set<gsize>{320 * 240 * 3 / 2, 640 * 480 * 3 / 2}));
    EXPECT_EQ(heap->violations(), 0u);
}

TEST_F(SimDeviceStream, AWishOfTheElementBehindReachesTheOneBefore) {
    Rig rig("mediaheapsimdevice", "");
    const Owned<GstBufferPool> theirs(gst_media_heap_buffer_pool_new(heap->get()));
    rig.onAllocation([&theirs](GstQuery* query) {
        gst_query_add_allocation_pool(query, theirs.get(), 115200, 3, 0);
        gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
    });
    rig.start(nv12);
    const Proposal proposal = rig.ask(nv12);
    EXPECT_EQ(proposal.pool, theirs);
    EXPECT_EQ(proposal.min, 3u);
    EXPECT_TRUE(proposal.videoMeta);
}

} // namespace

} // namespace mediaheap::test
