// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which heap mediaheapupload uses, and what it says when there is none.
#include <unistd.h>

#include "emulated_machine.h"
#include "pipeline.h"

namespace mediaheap::test {

namespace {

class UploadHeap : public GstTest {};

/// Bytes that two frames of testPipeline() take in a heap, which deals in pages.
gsize twoFrames() {
    const auto page = static_cast<gsize>(getpagesize());
    return 2 * ((320 * 240 * 3 / 2 + page - 1) / page * page);
}

std::string testPipeline(const std::string& upload) {
    return "videotestsrc num-buffers=5 ! " + videoCaps("NV12", 320, 240) +
           " ! mediaheapupload name=upload " + upload + " ! fakesink name=sink";
}

void setHeap(Pipeline& pipeline, const std::string& heap) {
    g_object_set(pipeline.element("upload").get(), "heap", heap.c_str(), nullptr);
}

void offer(GstElement* element, GstMediaHeap* heap) {
    GstContext* context = gst_context_new(GST_MEDIA_HEAP_CONTEXT_TYPE, TRUE);
    gst_context_set_media_heap(context, heap);
    gst_element_set_context(element, context);
    gst_context_unref(context);
}

/// The heap whose memory arrives at the sink.
Owned<GstMediaHeap> heapAtSink(Pipeline& pipeline) {
    Owned<GstMediaHeap> heap;
    pipeline.onBuffer("sink", "sink", [&heap](GstBuffer* buffer) { heap = heapOf(buffer); });
    EXPECT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    return heap;
}

struct BadHeap {
    const char* name;
    const char* heap;
    const char* remedy;
};

class UploadBadHeap : public UploadHeap, public testing::WithParamInterface<BadHeap> {};

TEST_P(UploadBadHeap, IsOneErrorWithHeapStringAndRemedy) {
    Pipeline pipeline(testPipeline(""));
    setHeap(pipeline, GetParam().heap);
    EXPECT_EQ(pipeline.setState(GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
    EXPECT_TRUE(isOneTextWith(pipeline.errors(), {GetParam().heap, GetParam().remedy}));

    // And the element is none the worse for it.
    pipeline.setState(GST_STATE_NULL);
    setHeap(pipeline, testHeapString("size=8M"));
    EXPECT_TRUE(pipeline.reach(GST_STATE_PAUSED));
}

INSTANTIATE_TEST_SUITE_P(
    Strings, UploadBadHeap,
    testing::Values(BadHeap{"unknownSource", "nosuch", "the sources are"},
                    BadHeap{"unknownKey", "memfd,colour=blue", "the keys are"},
                    BadHeap{"malformed", "memfd,,size", "for example"},
                    BadHeap{"sizeZero", "memfd,size=0", "at least one page"},
                    BadHeap{"badSuffix", "memfd,size=5X", "for example size=64M"},
                    BadHeap{"missingDmaHeap", "dma-heap:nosuch", "mediaheap list"},
                    BadHeap{"uncachedWhereThereIsNone", "memfd,cached=0", "leave cached out"}),
    [](const testing::TestParamInfo<BadHeap>& bad) { return bad.param.name; });

TEST_F(UploadHeap, OneWithoutPermissionIsOneErrorWithHeapStringAndRemedy) {
    EmulatedMachine machine;
    FakeKernel::Node forbidden;
    forbidden.openError = EACCES;
    machine.kernel.addDmaHeap("secret", forbidden);
    Pipeline pipeline(testPipeline("heap=dma-heap:secret"));
    EXPECT_EQ(pipeline.setState(GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
    EXPECT_TRUE(isOneTextWith(pipeline.errors(), {"dma-heap:secret", "/dev/dma_heap/secret"}));
}

TEST_F(UploadHeap, ABudgetSmallerThanTwoFramesIsOneErrorWithSizesAndRemedy) {
    const std::string heap = testHeapString("size=200K");
    Pipeline pipeline(testPipeline("heap=" + heap));
    EXPECT_FALSE(pipeline.play());
    std::vector<std::string> ours;
    for (const std::string& error : pipeline.errors()) {
        if (error.find("heap '") != std::string::npos)
            ours.push_back(error);
    }
    EXPECT_TRUE(isOneTextWith(ours, {heap, "204800 bytes", "2 frames of 320x240 NV12",
                                     std::to_string(twoFrames()) + " bytes", "size=1M or more"}));
}

TEST_F(UploadHeap, ABudgetOfTwoFramesIsEnough) {
    Pipeline pipeline(
        testPipeline("heap=" + testHeapString("size=" + std::to_string(twoFrames()))));
    EXPECT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(pipeline.counts("upload"), (Counts{5, 0, 0}));
}

TEST_F(UploadHeap, TwoElementsWithOneStringShareOne) {
    const std::string heap = testHeapString("size=8M");
    Pipeline pipeline("videotestsrc num-buffers=5 ! " + videoCaps("NV12", 320, 240) +
                      " ! mediaheapupload name=first heap=" + heap +
                      " ! queue ! mediaheapupload name=second heap=" + heap + " ! fakesink");
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_EQ(pipeline.counts("first"), (Counts{5, 0, 0}));
    EXPECT_EQ(pipeline.counts("second"), (Counts{5, 0, 0}));
}

TEST_F(UploadHeap, AnApplicationSetsOneThroughAContext) {
    const Owned<GstMediaHeap> heap = openTestHeap();
    Pipeline pipeline(testPipeline(""));
    offer(pipeline.get(), heap.get());
    EXPECT_EQ(heapAtSink(pipeline), heap);
    EXPECT_EQ(pipeline.countMessages(GST_MESSAGE_HAVE_CONTEXT), 0) << "it opened none itself";
}

TEST_F(UploadHeap, AnApplicationAnswersWhenAskedForOne) {
    const Owned<GstMediaHeap> heap = openTestHeap();
    Pipeline pipeline(testPipeline(""));
    GstBus* bus = gst_element_get_bus(pipeline.get());
    gst_bus_set_sync_handler(
        bus,
        [](GstBus*, GstMessage* message, gpointer offered) {
            const gchar* type = nullptr;
            if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_NEED_CONTEXT &&
                gst_message_parse_context_type(message, &type) &&
                g_str_equal(type, GST_MEDIA_HEAP_CONTEXT_TYPE))
                offer(GST_ELEMENT(GST_MESSAGE_SRC(message)), static_cast<GstMediaHeap*>(offered));
            return GST_BUS_PASS;
        },
        heap.get(), nullptr);
    EXPECT_EQ(heapAtSink(pipeline), heap);
    EXPECT_EQ(pipeline.countMessages(GST_MESSAGE_NEED_CONTEXT), 1);
    gst_bus_set_sync_handler(bus, nullptr, nullptr, nullptr);
    gst_object_unref(bus);
}

TEST_F(UploadHeap, ANeighboursIsUsed) {
    const std::string string = testHeapString("size=8M");
    Pipeline pipeline("videotestsrc num-buffers=5 ! " + videoCaps("NV12", 320, 240) +
                      " ! mediaheapupload name=upload ! mediaheapupload heap=" + string +
                      " ! fakesink name=sink");
    const Owned<GstMediaHeap> heap(gst_media_heap_open(string.c_str(), nullptr));
    EXPECT_EQ(heapAtSink(pipeline), heap);
    EXPECT_EQ(pipeline.counts("upload"), (Counts{5, 0, 0}));
    EXPECT_TRUE(pipeline.warnings().empty()) << testing::PrintToString(pipeline.warnings());
}

TEST_F(UploadHeap, AStringOfItsOwnWinsOverTheApplications) {
    const Owned<GstMediaHeap> offered = openTestHeap();
    const std::string string = testHeapString("size=8M");
    Pipeline pipeline(testPipeline("heap=" + string));
    const Owned<GstMediaHeap> heap(gst_media_heap_open(string.c_str(), nullptr));
    offer(pipeline.get(), offered.get());
    EXPECT_EQ(heapAtSink(pipeline), heap);
}

TEST_F(UploadHeap, OneThatWasOpenedIsToldToTheApplication) {
    Pipeline pipeline(testPipeline("heap=" + testHeapString("size=8M")));
    ASSERT_TRUE(pipeline.reach(GST_STATE_READY));
    EXPECT_EQ(pipeline.countMessages(GST_MESSAGE_HAVE_CONTEXT), 1);
}

TEST_F(UploadHeap, AutoWithoutDmaBufsIsAWarningThatSaysWhy) {
    EmulatedMachine machine;
    FakeKernel bare;
    KernelOverride noDevices(bare);
    Pipeline pipeline(testPipeline(""));
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_TRUE(isOneTextWith(pipeline.warnings(), {"heap 'memfd", "/dev/udmabuf", "hardware"}));
}

TEST_F(UploadHeap, AutoWithDmaBufsIsNone) {
    EmulatedMachine machine;
    Pipeline pipeline(testPipeline(""));
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    EXPECT_TRUE(pipeline.warnings().empty()) << testing::PrintToString(pipeline.warnings());
}

TEST_F(UploadHeap, ItGoesWithTheStateNull) {
    const std::string string = testHeapString("size=8M");
    Pipeline pipeline(testPipeline("heap=" + string));
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    pipeline.setState(GST_STATE_NULL);
    pipeline.countMessages(GST_MESSAGE_ANY); // they hold contexts
    // A heap that is still open would refuse another size.
    std::string larger = string; // with the same zone
    larger.replace(larger.find("size=8M"), 7, "size=16M");
    GError* error = nullptr;
    const Owned<GstMediaHeap> anew(gst_media_heap_open(larger.c_str(), &error));
    const Owned<GError> owned(error);
    EXPECT_NE(anew, nullptr) << (error ? error->message : "");
}

TEST_F(UploadHeap, AnotherStringInReadyTakesEffect) {
    Pipeline pipeline(testPipeline("heap=" + testHeapString("size=8M")));
    ASSERT_TRUE(pipeline.reach(GST_STATE_READY));
    const std::string second = testHeapString("size=4M");
    const Owned<GstMediaHeap> heap(gst_media_heap_open(second.c_str(), nullptr));
    setHeap(pipeline, second);
    EXPECT_EQ(heapAtSink(pipeline), heap);
}

TEST_F(UploadHeap, TheDefaultStringComesBackWithNull) {
    Pipeline pipeline(testPipeline("heap=" + testHeapString("size=8M")));
    const OwnedElement upload = pipeline.element("upload");
    for (const char* none : {static_cast<const char*>(nullptr), ""}) {
        g_object_set(upload.get(), "heap", none, nullptr);
        gchar* heap = nullptr;
        g_object_get(upload.get(), "heap", &heap, nullptr);
        EXPECT_STREQ(heap, "auto");
        g_free(heap);
    }
}

TEST_F(UploadHeap, ItsStateIsInTheStatistics) {
    const std::string string = testHeapString("size=8M");
    Pipeline pipeline(testPipeline("heap=" + string));
    ASSERT_TRUE(pipeline.play()) << testing::PrintToString(pipeline.errors());
    GstStructure* read = nullptr;
    g_object_get(pipeline.element("upload").get(), "stats", &read, nullptr);
    const Owned<GstStructure> stats(read);
    GstStructure* nested = nullptr;
    ASSERT_TRUE(gst_structure_get(stats.get(), "heap", GST_TYPE_STRUCTURE, &nested, nullptr));
    const Owned<GstStructure> heap(nested);
    guint64 size = 0;
    EXPECT_TRUE(gst_structure_get_uint64(heap.get(), "size", &size));
    EXPECT_EQ(size, 8u << 20);
}

} // namespace

} // namespace mediaheap::test
