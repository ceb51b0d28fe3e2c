// SPDX-License-Identifier: LGPL-2.1-or-later
#include <array>
#include <cstring>
#include <numeric>
#include <vector>

#include "gst_test.h"

namespace mediaheap::test {

namespace {

/// GstBuffer with the heap's allocator as the default one, so that all that it allocates by itself
/// comes from the heap too.
class BufferTest : public MemoryTest {
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

    /// A buffer with the bytes first, first + 1, ...
    static Owned<GstBuffer> numbered(gsize size, guint8 first = 0) {
        Owned<GstBuffer> buffer(gst_buffer_new_allocate(nullptr, size, nullptr));
        std::vector<guint8> bytes(size);
        std::iota(bytes.begin(), bytes.end(), first);
        EXPECT_EQ(gst_buffer_fill(buffer.get(), 0, bytes.data(), size), size);
        return buffer;
    }
    static bool counts(const Owned<GstBuffer>& buffer, gsize size, guint8 first = 0) {
        std::vector<guint8> bytes(size);
        std::iota(bytes.begin(), bytes.end(), first);
        return gst_buffer_get_size(buffer.get()) == size &&
               gst_buffer_memcmp(buffer.get(), 0, bytes.data(), size) == 0;
    }
    static bool isOfHeap(const Owned<GstBuffer>& buffer) {
        for (guint i = 0; i < gst_buffer_n_memory(buffer.get()); i++) {
            if (!gst_is_media_heap_memory(gst_buffer_peek_memory(buffer.get(), i)))
                return false;
        }
        return true;
    }

private:
    GstAllocator* before_ = nullptr;
};

TEST_F(BufferTest, ComesFromTheHeap) {
    const Owned<GstBuffer> buffer = numbered(100);
    EXPECT_TRUE(isOfHeap(buffer));
    EXPECT_TRUE(counts(buffer, 100));
    EXPECT_EQ(gst_buffer_memset(buffer.get(), 10, 0xee, 5), 5u);
    std::array<guint8, 5> read{};
    EXPECT_EQ(gst_buffer_extract(buffer.get(), 8, read.data(), 5), 5u);
    EXPECT_EQ(read, (std::array<guint8, 5>{8, 9, 0xee, 0xee, 0xee}));
}

TEST_F(BufferTest, ARegionSharesTheMemory) {
    const Owned<GstBuffer> buffer = numbered(100);
    const guint64 blocks = stat(heap.get(), "blocks");
    const Owned<GstBuffer> region(
        gst_buffer_copy_region(buffer.get(), GST_BUFFER_COPY_ALL, 20, 30));
    EXPECT_TRUE(counts(region, 30, 20));
    EXPECT_EQ(stat(heap.get(), "blocks"), blocks);
    const Owned<GstBuffer> ofRegion(
        gst_buffer_copy_region(region.get(), GST_BUFFER_COPY_ALL, 10, 10));
    EXPECT_TRUE(counts(ofRegion, 10, 30));
    EXPECT_EQ(gst_buffer_peek_memory(ofRegion.get(), 0)->parent,
              gst_buffer_peek_memory(buffer.get(), 0));
    GstMemory* part = gst_buffer_peek_memory(region.get(), 0);
    EXPECT_FALSE(Mapped(part, GST_MAP_WRITE));
}

TEST_F(BufferTest, NeighbouringRegionsMergeWithoutACopy) {
    const Owned<GstBuffer> buffer = numbered(100);
    const Owned<GstBuffer> head(gst_buffer_copy_region(buffer.get(), GST_BUFFER_COPY_ALL, 10, 30));
    const Owned<GstBuffer> tail(gst_buffer_copy_region(buffer.get(), GST_BUFFER_COPY_ALL, 40, 30));
    const Owned<GstBuffer> both(
        gst_buffer_append(gst_buffer_ref(head.get()), gst_buffer_ref(tail.get())));
    EXPECT_EQ(gst_buffer_n_memory(both.get()), 2u);
    const guint64 blocks = stat(heap.get(), "blocks");
    const Owned<GstMemory> merged(gst_buffer_get_all_memory(both.get()));
    EXPECT_EQ(stat(heap.get(), "blocks"), blocks) << "the parent's memory once more";
    EXPECT_EQ(merged->parent, gst_buffer_peek_memory(buffer.get(), 0));
    EXPECT_TRUE(isNumbered(merged.get(), 10));
}

TEST_F(BufferTest, StrangersMergeIntoNewMemoryOfTheHeap) {
    const Owned<GstBuffer> both(
        gst_buffer_append(numbered(50).release(), numbered(50, 50).release()));
    EXPECT_EQ(gst_buffer_n_memory(both.get()), 2u);
    GstMapInfo info;
    ASSERT_TRUE(gst_buffer_map(both.get(), &info, GST_MAP_READ));
    EXPECT_EQ(info.size, 100u);
    EXPECT_EQ(info.data[99], 99);
    EXPECT_TRUE(gst_is_media_heap_memory(info.memory));
    gst_buffer_unmap(both.get(), &info);
}

TEST_F(BufferTest, MakingItWritableCopiesOnlyWhatIsShared) {
    Owned<GstBuffer> buffer = numbered(100);
    GstMemory* const memory = gst_buffer_peek_memory(buffer.get(), 0);
    buffer.reset(gst_buffer_make_writable(buffer.release()));
    EXPECT_EQ(gst_buffer_peek_memory(buffer.get(), 0), memory);

    const Owned<GstBuffer> other(gst_buffer_copy(buffer.get()));
    EXPECT_EQ(gst_buffer_peek_memory(other.get(), 0), memory) << "copied is the buffer alone";
    GstMapInfo info;
    ASSERT_TRUE(gst_buffer_map(other.get(), &info, GST_MAP_WRITE));
    EXPECT_NE(info.memory, memory) << "two owners: whoever writes gets memory of its own";
    EXPECT_TRUE(gst_is_media_heap_memory(info.memory));
    info.data[0] = 0xff;
    gst_buffer_unmap(other.get(), &info);
    EXPECT_TRUE(counts(buffer, 100));
}

TEST_F(BufferTest, ADeepCopyIsIndependentAndOfTheHeap) {
    const Owned<GstBuffer> buffer = numbered(100);
    const Owned<GstBuffer> copy(gst_buffer_copy_deep(buffer.get()));
    EXPECT_TRUE(isOfHeap(copy));
    gst_buffer_memset(buffer.get(), 0, 0, 100);
    EXPECT_TRUE(counts(copy, 100));
}

TEST_F(BufferTest, ResizesAcrossItsMemories) {
    const Owned<GstBuffer> buffer(
        gst_buffer_append(numbered(50).release(), numbered(50, 50).release()));
    gst_buffer_resize(buffer.get(), 30, 40);
    EXPECT_TRUE(counts(buffer, 40, 30));
    gst_buffer_set_size(buffer.get(), 10);
    EXPECT_TRUE(counts(buffer, 10, 30));
}

TEST_F(BufferTest, ResizingWhatIsSharedSharesAPart) {
    const Owned<GstBuffer> buffer = numbered(100);
    const Owned<GstBuffer> other(gst_buffer_copy(buffer.get()));
    gst_buffer_resize(other.get(), 10, 20);
    EXPECT_TRUE(counts(other, 20, 10));
    EXPECT_TRUE(counts(buffer, 100));
}

TEST_F(BufferTest, MapsARangeOfItsMemories) {
    Owned<GstBuffer> buffer = numbered(10);
    for (guint8 i = 1; i < 4; i++)
        buffer.reset(gst_buffer_append(buffer.release(),
                                       numbered(10, static_cast<guint8>(10 * i)).release()));
    ASSERT_EQ(gst_buffer_n_memory(buffer.get()), 4u);
    guint index = 0;
    guint length = 0;
    gsize skip = 0;
    ASSERT_TRUE(gst_buffer_find_memory(buffer.get(), 15, 10, &index, &length, &skip));
    EXPECT_EQ(index, 1u);
    EXPECT_EQ(length, 2u);
    EXPECT_EQ(skip, 5u);
    GstMapInfo info;
    ASSERT_TRUE(
        gst_buffer_map_range(buffer.get(), index, static_cast<gint>(length), &info, GST_MAP_READ));
    EXPECT_EQ(info.size, 20u);
    EXPECT_EQ(info.data[skip], 15);
    gst_buffer_unmap(buffer.get(), &info);
}

TEST_F(BufferTest, AWriteMappedBufferIsCopiedBeforeItIsLost) {
    const Owned<GstBuffer> buffer = numbered(100);
    GstMapInfo info;
    ASSERT_TRUE(gst_buffer_map(buffer.get(), &info, GST_MAP_READWRITE));
    // What libav's decoders do all the time: keep the frame mapped and hand it on.
    const Owned<GstBuffer> handed(gst_buffer_copy(buffer.get()));
    ASSERT_NE(handed, nullptr);
    EXPECT_TRUE(counts(handed, 100));
    gst_buffer_unmap(buffer.get(), &info);
}

TEST_F(BufferTest, EverythingGoesBackToTheHeap) {
    {
        const Owned<GstBuffer> buffer = numbered(100);
        const Owned<GstBuffer> region(
            gst_buffer_copy_region(buffer.get(), GST_BUFFER_COPY_ALL, 20, 30));
        const Owned<GstBuffer> deep(gst_buffer_copy_deep(region.get()));
        EXPECT_GT(stat(heap.get(), "blocks"), 1u);
    }
    EXPECT_EQ(stat(heap.get(), "blocks"), 0u);
}

} // namespace

} // namespace mediaheap::test
