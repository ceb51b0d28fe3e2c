// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What GStreamer's own libraries do with memory, with the heap's allocator as the default one.
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include <gst/allocators/allocators.h>
#include <gst/base/gstadapter.h>

#include "gst_test.h"

namespace mediaheap::test {

namespace {

class DefaultAllocatorTest : public MemoryTest {
protected:
    void SetUp() override {
        MemoryTest::SetUp();
        before_ = gst_allocator_find(nullptr);
        gst_allocator_set_default(GST_ALLOCATOR(gst_object_ref(allocator.get())));
    }
    void TearDown() override {
        gst_allocator_set_default(before_); // transfer full
        MemoryTest::TearDown();
    }

    static Owned<GstBuffer> numbered(gsize size, guint8 first = 0) {
        Owned<GstBuffer> buffer(gst_buffer_new_allocate(nullptr, size, nullptr));
        std::vector<guint8> bytes(size);
        std::iota(bytes.begin(), bytes.end(), first);
        EXPECT_EQ(gst_buffer_fill(buffer.get(), 0, bytes.data(), size), size);
        return buffer;
    }
    static bool counts(GstBuffer* buffer, gsize size, guint8 first = 0) {
        std::vector<guint8> bytes(size);
        std::iota(bytes.begin(), bytes.end(), first);
        return gst_buffer_get_size(buffer) == size &&
               gst_buffer_memcmp(buffer, 0, bytes.data(), size) == 0;
    }
    static GstMemory* first(const Owned<GstBuffer>& buffer) {
        return gst_buffer_peek_memory(buffer.get(), 0);
    }

private:
    GstAllocator* before_ = nullptr;
};

TEST_F(DefaultAllocatorTest, ABufferOfMoreMemoriesThanItHoldsMergesThemInTheHeap) {
    const Owned<GstBuffer> buffer(gst_buffer_new());
    const guint many = gst_buffer_get_max_memory() + 1;
    for (guint i = 0; i < many; i++) {
        const Owned<GstBuffer> piece = numbered(10, static_cast<guint8>(10 * i));
        gst_buffer_append_memory(buffer.get(), gst_buffer_get_memory(piece.get(), 0));
    }
    EXPECT_LT(gst_buffer_n_memory(buffer.get()), many);
    EXPECT_TRUE(counts(buffer.get(), 10 * many));
    EXPECT_TRUE(gst_is_media_heap_memory(first(buffer)));
}

TEST_F(DefaultAllocatorTest, AByteIsFoundInItsMemory) {
    const Owned<GstBuffer> buffer(
        gst_buffer_append(numbered(10).release(), numbered(20).release()));
    guint index = 0;
    guint length = 0;
    gsize skip = 0;
    ASSERT_TRUE(gst_buffer_find_memory(buffer.get(), 9, 2, &index, &length, &skip));
    EXPECT_EQ(index, 0u);
    EXPECT_EQ(length, 2u);
    EXPECT_EQ(skip, 9u);
    ASSERT_TRUE(gst_buffer_find_memory(buffer.get(), 10, -1, &index, &length, &skip));
    EXPECT_EQ(index, 1u);
    EXPECT_EQ(skip, 0u);
    EXPECT_FALSE(gst_buffer_find_memory(buffer.get(), 29, 2, &index, &length, &skip));
}

TEST_F(DefaultAllocatorTest, MemoriesAreReplacedInARange) {
    const Owned<GstBuffer> buffer(
        gst_buffer_append(numbered(10).release(), numbered(10).release()));
    gst_buffer_replace_memory_range(buffer.get(), 0, 2,
                                    gst_buffer_get_memory(numbered(30).get(), 0));
    EXPECT_EQ(gst_buffer_n_memory(buffer.get()), 1u);
    EXPECT_TRUE(counts(buffer.get(), 30));
    EXPECT_EQ(stat(heap.get(), "blocks"), 1u) << "the old ones are back in the heap";
}

TEST_F(DefaultAllocatorTest, TheDescriptorOfAPartIsThatOfTheWhole) {
    const Owned<GstMemory> memory(gst_allocator_alloc(nullptr, 100, nullptr));
    const Owned<GstMemory> part(gst_memory_share(memory.get(), 10, 20));
    EXPECT_EQ(gst_fd_memory_get_fd(part.get()), gst_fd_memory_get_fd(memory.get()));
    EXPECT_TRUE(gst_is_fd_memory(part.get()));
    EXPECT_EQ(gst_is_dmabuf_memory(part.get()), gst_is_dmabuf_memory(memory.get()));
    EXPECT_STREQ(memory->allocator->mem_type,
                 gst_is_dmabuf_memory(memory.get()) ? GST_ALLOCATOR_DMABUF : GST_ALLOCATOR_FD);
}

TEST_F(DefaultAllocatorTest, AWeakReferenceSeesMemoryGoAndNotBefore) {
    int gone = 0;
    Owned<GstMemory> memory(gst_allocator_alloc(nullptr, 100, nullptr));
    Owned<GstMemory> part(gst_memory_share(memory.get(), 10, 20));
    gst_mini_object_weak_ref(
        GST_MINI_OBJECT(memory.get()),
        [](gpointer count, GstMiniObject*) { ++*static_cast<int*>(count); }, &gone);
    memory.reset();
    EXPECT_EQ(gone, 0);
    part.reset();
    EXPECT_EQ(gone, 1);
}

TEST_F(DefaultAllocatorTest, AParentBufferMetaKeepsTheMemoryOfItsParent) {
    Owned<GstBuffer> parent = numbered(100);
    const Owned<GstBuffer> child(gst_buffer_new());
    gst_buffer_add_parent_buffer_meta(child.get(), parent.get());
    parent.reset();
    EXPECT_EQ(stat(heap.get(), "blocks"), 1u);
    const auto* meta = gst_buffer_get_parent_buffer_meta(child.get());
    EXPECT_TRUE(counts(meta->buffer, 100));
}

TEST_F(DefaultAllocatorTest, AnAdapterCutsAndJoinsWhatIsInTheHeap) {
    GstAdapter* adapter = gst_adapter_new();
    for (int i = 0; i < 4; i++)
        gst_adapter_push(adapter, numbered(50, static_cast<guint8>(50 * i)).release());
    const Owned<GstBuffer> inOne(gst_adapter_take_buffer(adapter, 30));
    const Owned<GstBuffer> across(gst_adapter_take_buffer(adapter, 100));
    const Owned<GstBuffer> fast(gst_adapter_take_buffer_fast(adapter, 70));
    EXPECT_EQ(gst_adapter_available(adapter), 0u);
    g_object_unref(adapter);
    EXPECT_TRUE(counts(inOne.get(), 30, 0));
    EXPECT_TRUE(gst_is_media_heap_memory(first(inOne))) << "a part, not a copy";
    EXPECT_TRUE(counts(across.get(), 100, 30));
    EXPECT_TRUE(counts(fast.get(), 70, 130));
}

TEST_F(DefaultAllocatorTest, FramesOfEveryFormatAreCopiedPlaneByPlane) {
    for (const GstVideoFormat format : videoFormats()) {
        GstVideoInfo info;
        if (!gst_video_info_set_format(&info, format, 64, 48) || info.size == 0)
            continue; // without a layout in memory
        const Owned<GstBuffer> from = numbered(info.size);
        const Owned<GstBuffer> to(gst_buffer_new_allocate(nullptr, info.size, nullptr));
        GstVideoFrame source;
        GstVideoFrame target;
        ASSERT_TRUE(gst_video_frame_map(&source, &info, from.get(), GST_MAP_READ));
        ASSERT_TRUE(gst_video_frame_map(&target, &info, to.get(), GST_MAP_WRITE));
        EXPECT_TRUE(gst_video_frame_copy(&target, &source)) << gst_video_format_to_string(format);
        for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(&source); plane++) {
            const auto* sourceBytes =
                static_cast<guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&source, plane));
            const auto* targetBytes =
                static_cast<guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&target, plane));
            EXPECT_EQ(sourceBytes[0], targetBytes[0]) << gst_video_format_to_string(format);
        }
        gst_video_frame_unmap(&target);
        gst_video_frame_unmap(&source);
    }
    EXPECT_EQ(stat(heap.get(), "blocks"), 0u);
}

TEST_F(DefaultAllocatorTest, AnOverlayIsBlendedIntoAFrameOfTheHeap) {
    const Owned<GstBuffer> pixels(gst_buffer_new_allocate(nullptr, 16 * 16 * 4, nullptr));
    gst_buffer_memset(pixels.get(), 0, 0xff, 16 * 16 * 4);
    gst_buffer_add_video_meta(pixels.get(), GST_VIDEO_FRAME_FLAG_NONE,
                              GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, 16, 16);
    GstVideoOverlayRectangle* rectangle = gst_video_overlay_rectangle_new_raw(
        pixels.get(), 8, 8, 16, 16, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
    GstVideoOverlayComposition* composition = gst_video_overlay_composition_new(rectangle);
    gst_video_overlay_rectangle_unref(rectangle);

    GstVideoInfo info;
    ASSERT_TRUE(gst_video_info_set_format(&info, GST_VIDEO_FORMAT_BGRx, 64, 48));
    const Owned<GstBuffer> frame(gst_buffer_new_allocate(nullptr, info.size, nullptr));
    gst_buffer_memset(frame.get(), 0, 0, info.size);
    GstVideoFrame mapped;
    ASSERT_TRUE(gst_video_frame_map(&mapped, &info, frame.get(), GST_MAP_READWRITE));
    EXPECT_TRUE(gst_video_overlay_composition_blend(composition, &mapped));
    const auto* bytes = static_cast<guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&mapped, 0));
    EXPECT_EQ(bytes[0], 0);
    EXPECT_EQ(bytes[(10 * 64 + 10) * 4], 0xff);
    gst_video_frame_unmap(&mapped);
    gst_video_overlay_composition_unref(composition);
}

} // namespace

} // namespace mediaheap::test
