// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What mediaheapupload offers to the element before it.
#include "element_test.h"

namespace mediaheap::test {

namespace {

const std::string nv12 = videoCaps("NV12", 320, 240);
constexpr guint nv12Size = 320 * 240 * 3 / 2;

/// mediaheapupload in a heap of its own.
class UploadLending : public GstTest {
protected:
    void SetUp() override {
        GstTest::SetUp();
        heapString = testHeapString("size=8M");
        rig.emplace("mediaheapupload", heapString);
        heap.reset(gst_media_heap_open(heapString.c_str(), nullptr));
        ASSERT_NE(heap, nullptr);
    }
    void TearDown() override {
        rig.reset();
        heap.reset();
        GstTest::TearDown();
    }

    bool isOfHeap(const Owned<GstBufferPool>& pool) {
        if (!pool || !GST_IS_MEDIA_HEAP_BUFFER_POOL(pool.get()))
            return false;
        return heap == Owned<GstMediaHeap>(gst_media_heap_buffer_pool_get_heap(
                           GST_MEDIA_HEAP_BUFFER_POOL(pool.get())));
    }

    /// A buffer of @p pool, made active as it was lent, with @p option.
    Owned<GstBuffer> bufferOf(const Owned<GstBufferPool>& pool, const char* option = nullptr) {
        GstStructure* config = gst_buffer_pool_get_config(pool.get());
        if (option)
            gst_buffer_pool_config_add_option(config, option);
        EXPECT_TRUE(gst_buffer_pool_set_config(pool.get(), config));
        EXPECT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
        GstBuffer* buffer = nullptr;
        EXPECT_EQ(gst_buffer_pool_acquire_buffer(pool.get(), &buffer, nullptr), GST_FLOW_OK);
        return Owned<GstBuffer>(buffer);
    }

    std::string heapString;
    std::optional<Rig> rig;
    Owned<GstMediaHeap> heap;
};

TEST_F(UploadLending, APoolAndTheAllocatorOfTheHeap) {
    rig->start(nv12);
    const Proposal lent = rig->ask(nv12);
    EXPECT_TRUE(lent.answered);
    EXPECT_TRUE(isOfHeap(lent.pool));
    EXPECT_EQ(lent.size, nv12Size);
    EXPECT_EQ(lent.allocator, Owned<GstAllocator>(gst_media_heap_get_allocator(heap.get())));
}

TEST_F(UploadLending, APoolWithoutUpperBound) {
    // Decoders of libav turn down pools with 0 < max < 32.
    rig->start(nv12);
    EXPECT_EQ(rig->ask(nv12).max, 0u);
}

TEST_F(UploadLending, AFrameOfTheLentPoolPassesAsItIs) {
    rig->start(nv12);
    const Proposal lent = rig->ask(nv12);
    Owned<GstBuffer> frame = bufferOf(lent.pool);
    const GstBuffer* const sent = frame.get();
    const Owned<GstBuffer> arrived = rig->push(std::move(frame));
    EXPECT_EQ(arrived.get(), sent);
    EXPECT_EQ(heapOf(arrived.get()), heap);
    EXPECT_EQ(rig->counts(), (Counts{1, 0, 0}));
    gst_buffer_pool_set_active(lent.pool.get(), FALSE);
}

TEST_F(UploadLending, AtLeastTwoBuffersAndWhatDownstreamKeeps) {
    rig->start(nv12);
    EXPECT_EQ(rig->ask(nv12).min, 2u);

    rig->onAllocation(
        [](GstQuery* query) { gst_query_add_allocation_pool(query, nullptr, nv12Size, 5, 32); });
    gst_harness_push_upstream_event(rig->harness(), gst_event_new_reconfigure());
    const Proposal lent = rig->ask(nv12);
    EXPECT_EQ(lent.min, 5u);
    EXPECT_EQ(lent.max, 0u);
}

TEST_F(UploadLending, BuffersThatOthersBetweenHaveAskedForAreNotLost) {
    rig->start(nv12);
    const Owned<GstCaps> caps(gst_caps_from_string(nv12.c_str()));
    const OwnedQuery query(gst_query_new_allocation(caps.get(), TRUE));
    gst_query_add_allocation_pool(query.get(), nullptr, nv12Size + 100, 7, 0);
    const Proposal lent = rig->ask(query);
    EXPECT_EQ(lent.pools, 1u);
    EXPECT_TRUE(isOfHeap(lent.pool));
    EXPECT_EQ(lent.min, 7u);
    EXPECT_EQ(lent.size, nv12Size + 100);
}

TEST_F(UploadLending, TheCoarsestAlignmentOfEveryone) {
    rig->onAllocation([](GstQuery* query) {
        GstAllocationParams params{};
        params.align = 63;
        gst_query_add_allocation_param(query, nullptr, &params);
        params.align = 255;
        params.padding = 8;
        gst_query_add_allocation_param(query, nullptr, &params);
    });
    rig->start(nv12);

    const Owned<GstCaps> caps(gst_caps_from_string(nv12.c_str()));
    const OwnedQuery query(gst_query_new_allocation(caps.get(), TRUE));
    GstAllocationParams params{};
    params.prefix = 16;
    const Owned<GstAllocator> system(gst_allocator_find(GST_ALLOCATOR_SYSMEM));
    gst_query_add_allocation_param(query.get(), system.get(), &params);

    const Proposal lent = rig->ask(query);
    EXPECT_EQ(lent.allocator, Owned<GstAllocator>(gst_media_heap_get_allocator(heap.get())));
    EXPECT_EQ(lent.params.align, 255u);
    EXPECT_EQ(lent.params.prefix, 16u);
    EXPECT_EQ(lent.params.padding, 8u);
    EXPECT_EQ(lent.allocators, 2u) << "what was offered before comes second";
}

TEST_F(UploadLending, VideoMetaOnlyWhereDownstreamTakesIt) {
    rig->start(nv12);
    EXPECT_FALSE(rig->ask(nv12).videoMeta);

    rig->downstreamTakesVideoMeta();
    gst_harness_push_upstream_event(rig->harness(), gst_event_new_reconfigure());
    EXPECT_TRUE(rig->ask(nv12).videoMeta);
}

TEST_F(UploadLending, DownstreamsPaddingInFramesThatTellOfIt) {
    GstStructure* padding = gst_structure_new("video-meta", "padding-bottom", G_TYPE_UINT, 16u,
                                              "padding-right", G_TYPE_UINT, 64u, nullptr);
    const Owned<GstStructure> owned(padding);
    rig->downstreamTakesVideoMeta(padding);
    rig->start(nv12);

    Proposal lent = rig->ask(nv12);
    EXPECT_EQ(lent.size, (320u + 64) * (240 + 16) * 3 / 2);
    const Owned<GstBuffer> telling = bufferOf(lent.pool, GST_BUFFER_POOL_OPTION_VIDEO_META);
    const GstVideoMeta* meta = gst_buffer_get_video_meta(telling.get());
    ASSERT_NE(meta, nullptr);
    EXPECT_EQ(meta->stride[0], 320 + 64);
    EXPECT_EQ(meta->offset[1], (320u + 64) * (240 + 16));
    EXPECT_EQ(meta->alignment.padding_bottom, 16u);
    gst_buffer_pool_set_active(lent.pool.get(), FALSE);

    // An element that does not know the meta writes packed lines whatever the pool had in mind.
    lent = rig->ask(nv12);
    const Owned<GstBuffer> silent = bufferOf(lent.pool);
    EXPECT_EQ(gst_buffer_get_video_meta(silent.get()), nullptr);
    gst_buffer_pool_set_active(lent.pool.get(), FALSE);
}

TEST_F(UploadLending, APaddingBeyondAllMeasureIsIgnored) {
    const Owned<GstStructure> padding(gst_structure_new("video-meta", "padding-right", G_TYPE_UINT,
                                                        G_MAXUINT, "stride-align0", G_TYPE_UINT,
                                                        100u, nullptr));
    const GstLog log("mediaheapupload", GST_LEVEL_WARNING);
    rig->downstreamTakesVideoMeta(padding.get());
    rig->start(nv12);
    EXPECT_TRUE(log.contains("padding-right=4294967295"));
    EXPECT_TRUE(log.contains("stride-align0=100"));
    EXPECT_EQ(rig->ask(nv12).size, nv12Size);
}

TEST_F(UploadLending, APoolOfTheSameHeapDownstreamIsLentOnOnce) {
    const Owned<GstBufferPool> theirs(gst_media_heap_buffer_pool_new(heap.get()));
    rig->onAllocation([&theirs](GstQuery* query) {
        gst_query_add_allocation_pool(query, theirs.get(), nv12Size, 3, 0);
    });
    rig->start(nv12);
    EXPECT_EQ(rig->ask(nv12).pool, theirs);
    const Proposal second = rig->ask(nv12);
    EXPECT_NE(second.pool, theirs) << "it may be in use by now";
    EXPECT_TRUE(isOfHeap(second.pool));
}

TEST_F(UploadLending, APoolOfOtherMemoryDownstreamIsNot) {
    const Owned<GstMediaHeap> other = openTestHeap();
    const Owned<GstBufferPool> ofOtherHeap(gst_media_heap_buffer_pool_new(other.get()));
    const Owned<GstBufferPool> ofSystem(gst_video_buffer_pool_new());
    for (GstBufferPool* foreign : {ofOtherHeap.get(), ofSystem.get()}) {
        rig->onAllocation([foreign](GstQuery* query) {
            gst_query_add_allocation_pool(query, foreign, nv12Size, 4, 0);
        });
        rig->start(nv12);
        gst_harness_push_upstream_event(rig->harness(), gst_event_new_reconfigure());
        const Proposal lent = rig->ask(nv12);
        EXPECT_TRUE(isOfHeap(lent.pool));
        EXPECT_EQ(lent.min, 4u) << "its number of buffers holds all the same";
    }
}

TEST_F(UploadLending, EachQueryAPoolOfItsOwn) {
    rig->start(nv12);
    EXPECT_NE(rig->ask(nv12).pool, rig->ask(nv12).pool);
}

TEST_F(UploadLending, NoPoolToThoseWhoNeedNone) {
    rig->start(nv12);
    const Proposal lent = rig->ask(nv12, false);
    EXPECT_EQ(lent.pool, nullptr);
    EXPECT_EQ(lent.size, nv12Size);
    EXPECT_EQ(lent.min, 2u);
}

TEST_F(UploadLending, TheAllocatorWhereNoSizeIsKnown) {
    const std::string audio = "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved";
    rig->start(audio);
    const Proposal lent = rig->ask(audio);
    EXPECT_TRUE(lent.answered);
    EXPECT_EQ(lent.pools, 0u);
    EXPECT_EQ(lent.allocator, Owned<GstAllocator>(gst_media_heap_get_allocator(heap.get())));

    Owned<GstBuffer> sound = bytesFrom(lent.allocator.get(), 1234);
    const Owned<GstBuffer> arrived = rig->push(std::move(sound));
    EXPECT_EQ(rig->counts(), (Counts{1, 0, 0}));
}

TEST_F(UploadLending, APoolForAnythingWhoseSizeDownstreamNames) {
    rig->onAllocation(
        [](GstQuery* query) { gst_query_add_allocation_pool(query, nullptr, 5000, 0, 0); });
    rig->start("image/jpeg");
    const Proposal lent = rig->ask("image/jpeg");
    EXPECT_TRUE(isOfHeap(lent.pool));
    EXPECT_EQ(lent.size, 5000u);
}

TEST_F(UploadLending, TheAllocatorToStreamsWithoutCaps) {
    rig->startWithoutCaps();
    const Proposal lent = rig->ask("");
    EXPECT_TRUE(lent.answered);
    EXPECT_EQ(lent.pools, 0u);
    EXPECT_EQ(lent.allocator, Owned<GstAllocator>(gst_media_heap_get_allocator(heap.get())));
}

TEST_F(UploadLending, NothingForMemoryThatOnlyItsOwnKindCanRead) {
    const std::string gl = videoCaps("RGBA", 320, 240, "memory:GLMemory");
    const Owned<GstBufferPool> theirs(gst_buffer_pool_new());
    rig->onAllocation([&theirs](GstQuery* query) {
        gst_query_add_allocation_pool(query, theirs.get(), 99, 1, 0);
    });
    rig->start(gl);
    const Proposal lent = rig->ask(gl);
    EXPECT_EQ(lent.pool, theirs) << "the query went on to downstream";
    EXPECT_EQ(lent.allocators, 0u);
}

TEST_F(UploadLending, MemoryThatUpstreamDoesNotGetIsOneWarning) {
    const std::string audio = "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved";
    rig->start(audio);
    const Proposal lent = rig->ask(audio);
    for (int i = 0; i < 2; i++)
        EXPECT_EQ(gst_allocator_alloc(lent.allocator.get(), 9 << 20, nullptr), nullptr);
    EXPECT_TRUE(isOneTextWith(rig->warnings(), {heapString, "9437184 bytes", "size="}));
    EXPECT_TRUE(rig->errors().empty()) << "upstream may know another way";
}

TEST_F(UploadLending, APoolThatGetsNoMemoryIsOneWarning) {
    const std::string large = videoCaps("NV12", 1920, 1080);
    rig->start(large);
    const Proposal lent = rig->ask(large);
    const Owned<GstMemory> others(gst_allocator_alloc(lent.allocator.get(), 7 << 20, nullptr));
    ASSERT_TRUE(gst_buffer_pool_set_active(lent.pool.get(), TRUE));
    GstBufferPoolAcquireParams params{};
    params.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT;
    GstBuffer* buffer = nullptr;
    for (int i = 0; i < 2; i++)
        EXPECT_EQ(gst_buffer_pool_acquire_buffer(lent.pool.get(), &buffer, &params),
                  GST_FLOW_ERROR);
    EXPECT_TRUE(isOneTextWith(rig->warnings(), {heapString, "3112960 bytes", "size="}));
    gst_buffer_pool_set_active(lent.pool.get(), FALSE);
}

TEST_F(UploadLending, WhatFailsWhenTheElementHasStoppedIsNotItsOwn) {
    rig->start(nv12);
    const Proposal lent = rig->ask(nv12);
    EXPECT_EQ(gst_element_set_state(rig->element(), GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
    EXPECT_EQ(gst_allocator_alloc(lent.allocator.get(), 9 << 20, nullptr), nullptr);
    EXPECT_TRUE(rig->warnings().empty());
}

} // namespace

} // namespace mediaheap::test
