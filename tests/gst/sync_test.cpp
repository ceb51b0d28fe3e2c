// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync_test.h"

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "pool_test.h"

namespace mediaheap::test {

namespace {

TEST_F(SyncTest, AMapIsOneStartAndOneEndOfItsDirection) {
    { const Mapped mapped(memory.get(), GST_MAP_READ); }
    EXPECT_EQ(calls(), (Flags{startRead, endRead}));
    kernel.forgetSyncCalls();
    { const Mapped mapped(memory.get(), GST_MAP_WRITE); }
    EXPECT_EQ(calls(), (Flags{startWrite, endWrite}));
    kernel.forgetSyncCalls();
    { const Mapped mapped(memory.get(), GST_MAP_READWRITE | (GST_MAP_FLAG_LAST << 2)); }
    EXPECT_EQ(calls(), (Flags{startBoth, endBoth}));
}

TEST_F(SyncTest, WithoutADirectionThereIsNoCall) {
    const Mapped mapped(memory.get(), 0);
    ASSERT_TRUE(mapped);
    EXPECT_EQ(calls(), Flags{});
}

TEST_F(SyncTest, NestedMapsCostNothingMore) {
    {
        const Mapped outer(memory.get(), GST_MAP_READWRITE);
        const Mapped inner(memory.get(), GST_MAP_READ);
        const Mapped innermost(memory.get(), GST_MAP_WRITE);
        EXPECT_EQ(calls(), Flags{startBoth});
    }
    EXPECT_EQ(calls(), (Flags{startBoth, endBoth}));
    EXPECT_EQ(stat(heap.get(), "syncs-saved"), 4u);
}

TEST_F(SyncTest, PartsCountAsTheWhole) {
    const Owned<GstMemory> first(gst_memory_share(memory.get(), 0, 500));
    const Owned<GstMemory> second(gst_memory_share(memory.get(), 500, 500));
    auto outer = std::make_unique<Mapped>(first.get(), GST_MAP_READ);
    const Mapped inner(second.get(), GST_MAP_READ);
    outer.reset();
    EXPECT_EQ(calls(), Flags{startRead}) << "the other part is still being read";
}

TEST_F(SyncTest, AWriteToTheWholeOverAReadOfAPartIsAnUpgrade) {
    const Owned<GstMemory> part(gst_memory_share(memory.get(), 0, 500));
    {
        const Mapped reading(part.get(), GST_MAP_READ);
        const Mapped writing(memory.get(), GST_MAP_WRITE);
        ASSERT_TRUE(reading && writing);
        EXPECT_EQ(calls(), (Flags{startRead, startBoth}));
    }
    EXPECT_EQ(calls(), (Flags{startRead, startBoth, endBoth}));
}

TEST_F(SyncTest, AReadOfAPartUnderAWriteToTheWholeSucceeds) {
    const Owned<GstMemory> part(gst_memory_share(memory.get(), 0, 500));
    {
        const Mapped writing(memory.get(), GST_MAP_READWRITE);
        const Mapped reading(part.get(), GST_MAP_READ);
        ASSERT_TRUE(writing && reading);
    }
    EXPECT_EQ(calls(), (Flags{startBoth, endBoth}));
}

TEST_F(SyncTest, OneThreadsStartIsAnothersEnd) {
    GstMapInfo info{};
    std::thread([&] { gst_memory_map(memory.get(), &info, GST_MAP_READ); }).join();
    std::thread([&] { gst_memory_unmap(memory.get(), &info); }).join();
    EXPECT_EQ(calls(), (Flags{startRead, endRead}));
}

TEST_F(SyncTest, InterruptedCallsAreRestarted) {
    kernel.failSync(DMA_BUF_SYNC_START, EINTR, 3);
    kernel.failSync(DMA_BUF_SYNC_START, EAGAIN, 2);
    kernel.failSync(DMA_BUF_SYNC_END, EINTR, 2);
    {
        const Mapped mapped(memory.get(), GST_MAP_READ);
        ASSERT_TRUE(mapped);
    }
    EXPECT_EQ(calls(), (Flags{startRead, endRead}));
    EXPECT_EQ(kernel.syncCalls().size(), 9u);
}

TEST_F(SyncTest, AnErrorFailsTheMapNamesTheBlockAndLeavesNothing) {
    gst_object_set_name(GST_OBJECT(allocator.get()), "broken-device");
    const Owned<GstMemory> broken(gst_allocator_alloc(allocator.get(), 1000, nullptr));
    const GstLog log("mediaheap", GST_LEVEL_ERROR);
    kernel.failSync(DMA_BUF_SYNC_START, EIO);
    GstMapInfo info;
    EXPECT_FALSE(gst_memory_map(broken.get(), &info, GST_MAP_READWRITE));
    EXPECT_EQ(info.data, nullptr);
    EXPECT_TRUE(log.contains("broken-device")) << log.text();
    EXPECT_TRUE(log.contains("EIO")) << log.text();

    kernel.forgetSyncCalls();
    {
        const Mapped mapped(broken.get(), GST_MAP_READ);
        ASSERT_TRUE(mapped) << "neither locked nor counted as open";
    }
    EXPECT_EQ(calls(broken.get()), (Flags{startRead, endRead}));
}

TEST_F(SyncTest, AnErrorOfAnUpgradeLeavesTheFirstAccessOpen) {
    const Owned<GstMemory> part(gst_memory_share(memory.get(), 0, 500));
    {
        const Mapped reading(part.get(), GST_MAP_READ);
        kernel.failSync(DMA_BUF_SYNC_START, EIO);
        EXPECT_FALSE(Mapped(memory.get(), GST_MAP_WRITE));
        EXPECT_TRUE(Mapped(part.get(), GST_MAP_READ));
    }
    EXPECT_EQ(calls(), (Flags{startRead, endRead}));
}

TEST_F(SyncTest, AnErrorAtTheEndIsLoggedAndTheAccessIsOver) {
    const GstLog log("mediaheap", GST_LEVEL_WARNING);
    kernel.failSync(DMA_BUF_SYNC_END, EIO);
    { const Mapped mapped(memory.get(), GST_MAP_WRITE); }
    EXPECT_TRUE(log.contains("EIO")) << log.text();
    kernel.forgetSyncCalls();
    { const Mapped mapped(memory.get(), GST_MAP_READ); }
    EXPECT_EQ(calls(), (Flags{startRead, endRead}));
}

TEST_F(SyncTest, ABufferThatCannotBeMappedIsAnErrorOfItsUser) {
    const Owned<GstBuffer> buffer(gst_buffer_new());
    gst_buffer_append_memory(buffer.get(), memory.release());
    // GstBuffer tries to map a copy instead, which cannot be made either.
    kernel.failSync(DMA_BUF_SYNC_START, EIO, 2);
    GstMapInfo info;
    EXPECT_FALSE(gst_buffer_map(buffer.get(), &info, GST_MAP_READ));
    ASSERT_TRUE(gst_buffer_map(buffer.get(), &info, GST_MAP_READ));
    gst_buffer_unmap(buffer.get(), &info);
}

TEST_F(SyncTest, ACopyReadsOneBlockAndWritesTheOther) {
    const Owned<GstMemory> twin(gst_memory_copy(memory.get(), 0, -1));
    EXPECT_EQ(calls(), (Flags{startRead, endRead}));
    EXPECT_EQ(calls(twin.get()), (Flags{startWrite, endWrite}));
}

TEST_F(SyncTest, AFailingCopyIsNoneAndLeavesNothing) {
    const guint64 blocks = stat(heap.get(), "blocks");
    kernel.failSync(DMA_BUF_SYNC_START, EIO);
    EXPECT_EQ(gst_memory_copy(memory.get(), 0, -1), nullptr);
    EXPECT_EQ(stat(heap.get(), "blocks"), blocks);
    EXPECT_TRUE(Mapped(memory.get(), GST_MAP_WRITE));
}

TEST_F(SyncTest, ZeroedPaddingIsFlushed) {
    GstAllocationParams params{};
    params.padding = 10;
    params.flags = GST_MEMORY_FLAG_ZERO_PADDED;
    const Owned<GstMemory> padded(gst_allocator_alloc(allocator.get(), 100, &params));
    EXPECT_EQ(calls(padded.get()), (Flags{startWrite, endWrite}));
}

TEST_F(SyncTest, PaddingThatCannotBeZeroedIsNoMemory) {
    const guint64 blocks = stat(heap.get(), "blocks");
    GstAllocationParams params{};
    params.padding = 10;
    params.flags = GST_MEMORY_FLAG_ZERO_PADDED;
    kernel.failSync(DMA_BUF_SYNC_START, EIO);
    EXPECT_EQ(gst_allocator_alloc(allocator.get(), 100, &params), nullptr);
    EXPECT_EQ(stat(heap.get(), "blocks"), blocks);
}

class FrameSyncTest : public SyncTest, public testing::WithParamInterface<const char*> {};

// Three planes of one block are mapped one by one: stock GStreamer issues a START and an END for
// each of them, over all of the frame every time.
TEST_P(FrameSyncTest, AFrameIsOneStartAndOneEnd) {
    const std::string text =
        std::string("video/x-raw,format=") + GetParam() + ",width=320,height=240";
    const Owned<GstCaps> caps(gst_caps_from_string(text.c_str()));
    GstVideoInfo info;
    ASSERT_TRUE(gst_video_info_from_caps(&info, caps.get()));
    const Owned<GstBufferPool> pool(gst_media_heap_buffer_pool_new(heap.get()));
    ASSERT_TRUE(configure(pool, {text.c_str(), 0, 1, 2, {GST_BUFFER_POOL_OPTION_VIDEO_META}, {}}));
    ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    const Owned<GstBuffer> buffer = acquire(pool);
    ASSERT_NE(gst_buffer_get_video_meta(buffer.get()), nullptr);
    GstMemory* block = gst_buffer_peek_memory(buffer.get(), 0);

    GstVideoFrame frame;
    for (const auto& [flags, expected] :
         std::vector<std::pair<GstMapFlags, Flags>>{{GST_MAP_READ, {startRead, endRead}},
                                                    {GST_MAP_WRITE, {startWrite, endWrite}},
                                                    {GST_MAP_READWRITE, {startBoth, endBoth}}}) {
        kernel.forgetSyncCalls();
        ASSERT_TRUE(gst_video_frame_map(&frame, &info, buffer.get(), flags));
        for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(&frame); plane++)
            EXPECT_NE(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane), nullptr);
        gst_video_frame_unmap(&frame);
        EXPECT_EQ(calls(block), expected);
    }
}

INSTANTIATE_TEST_SUITE_P(Of, FrameSyncTest, testing::Values("I420", "NV12", "BGRx"),
                         [](const auto& format) { return std::string(format.param); });

} // namespace

} // namespace mediaheap::test
