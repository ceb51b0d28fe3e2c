// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/allocators/allocators.h>

#include "gst_test.h"

namespace mediaheap::test {

namespace {

class ShareTest : public MemoryTest {
protected:
    void SetUp() override {
        MemoryTest::SetUp();
        memory = allocate(100);
        number(memory.get());
    }
    void TearDown() override {
        memory.reset();
        MemoryTest::TearDown();
    }

    static Owned<GstMemory> share(const Owned<GstMemory>& whole, gssize offset, gssize size) {
        return Owned<GstMemory>(gst_memory_share(whole.get(), offset, size));
    }

    Owned<GstMemory> memory;
};

TEST_F(ShareTest, APartHasTheBytesOfTheWhole) {
    const Owned<GstMemory> part = share(memory, 10, 20);
    ASSERT_NE(part, nullptr);
    EXPECT_EQ(gst_memory_get_sizes(part.get(), nullptr, nullptr), 20u);
    EXPECT_TRUE(isNumbered(part.get(), 10));
    const Mapped whole(memory.get(), GST_MAP_READ);
    const Mapped mapped(part.get(), GST_MAP_READ);
    EXPECT_EQ(mapped.data(), whole.data() + 10);
}

TEST_F(ShareTest, APartIsOfTheSameKindAndDescriptor) {
    const Owned<GstMemory> part = share(memory, 10, 20);
    EXPECT_TRUE(gst_is_media_heap_memory(part.get()));
    EXPECT_EQ(gst_is_dmabuf_memory(part.get()), gst_media_heap_is_dmabuf(heap.get()));
    EXPECT_EQ(gst_fd_memory_get_fd(part.get()), gst_fd_memory_get_fd(memory.get()));
    EXPECT_EQ(gst_media_heap_memory_is_cached(part.get()),
              gst_media_heap_memory_is_cached(memory.get()));
    const Owned<GstMediaHeap> owner(gst_media_heap_memory_get_heap(part.get()));
    EXPECT_EQ(owner, heap);
}

TEST_F(ShareTest, WithoutASizeItGoesToTheEndOfTheData) {
    const Owned<GstMemory> part = share(memory, 30, -1);
    EXPECT_EQ(part->size, 70u);
    const Owned<GstMemory> nothing = share(memory, 100, -1);
    ASSERT_NE(nothing, nullptr);
    EXPECT_EQ(nothing->size, 0u);
    const Owned<GstMemory> partOfPart = share(part, 30, -1);
    EXPECT_EQ(partOfPart->size, 40u);
    EXPECT_TRUE(isNumbered(partOfPart.get(), 60));
}

TEST_F(ShareTest, APartOfNothingCanBeMapped) {
    const Owned<GstMemory> part = share(memory, 1, 0);
    ASSERT_NE(part, nullptr);
    const Mapped mapped(part.get(), GST_MAP_READ);
    ASSERT_TRUE(mapped);
    EXPECT_EQ(mapped.size(), 0u);
}

TEST_F(ShareTest, APartOfAPartIsAPartOfTheWhole) {
    const Owned<GstMemory> part = share(memory, 10, 50);
    const Owned<GstMemory> partOfPart = share(part, 10, 20);
    EXPECT_EQ(partOfPart->parent, memory.get());
    EXPECT_EQ(partOfPart->offset, 20u);
    EXPECT_TRUE(isNumbered(partOfPart.get(), 20));
}

TEST_F(ShareTest, APartMayBeginInFrontOfTheDataButNotOfTheBlock) {
    gst_memory_resize(memory.get(), 40, 60);
    const Owned<GstMemory> before = share(memory, -30, 60);
    ASSERT_NE(before, nullptr);
    EXPECT_TRUE(isNumbered(before.get(), 10));
    EXPECT_EQ(share(memory, -41, 60), nullptr);
}

TEST_F(ShareTest, APartBeyondTheBlockIsRefused) {
    const auto all = static_cast<gssize>(memory->maxsize);
    EXPECT_NE(share(memory, 0, all), nullptr);
    EXPECT_EQ(share(memory, 0, all + 1), nullptr);
    EXPECT_EQ(share(memory, 1, all), nullptr);
    EXPECT_EQ(share(memory, all + 1, 0), nullptr);
    EXPECT_EQ(share(memory, 101, -1), nullptr) << "no size is less than none";
    EXPECT_EQ(share(memory, 0, -2), nullptr);
    EXPECT_EQ(share(memory, G_MAXSSIZE, G_MAXSSIZE), nullptr);
    EXPECT_EQ(share(memory, G_MINSSIZE, -1), nullptr);
    EXPECT_TRUE(Mapped(memory.get(), GST_MAP_WRITE)) << "a refusal leaves no lock behind";
}

TEST_F(ShareTest, APartIsNotWritten) {
    const Owned<GstMemory> part = share(memory, 0, 50);
    EXPECT_TRUE(GST_MEMORY_IS_READONLY(part.get()));
    EXPECT_FALSE(Mapped(part.get(), GST_MAP_WRITE));
    EXPECT_FALSE(Mapped(part.get(), GST_MAP_READWRITE));
    const Owned<GstMemory> partOfPart = share(part, 0, 10);
    EXPECT_TRUE(GST_MEMORY_IS_READONLY(partOfPart.get()));
}

TEST_F(ShareTest, WhatIsMappedForWritingIsNotShared) {
    const Owned<GstMemory> part = share(memory, 0, 50);
    const Mapped writing(memory.get(), GST_MAP_WRITE);
    ASSERT_TRUE(writing);
    EXPECT_EQ(share(memory, 0, 50), nullptr);
    // Stock GStreamer hands out this one, and complains of an unlock too many when it goes.
    EXPECT_EQ(criticalsDuring([&] { EXPECT_EQ(share(part, 0, 10), nullptr); }), 0);
}

TEST_F(ShareTest, APartOutlivesTheReferenceToTheWhole) {
    Owned<GstMemory> part = share(memory, 10, 20);
    memory.reset();
    EXPECT_TRUE(isNumbered(part.get(), 10));
    EXPECT_EQ(stat(heap.get(), "blocks"), 1u);
    const Owned<GstMemory> partOfPart = share(part, 5, 5);
    part.reset();
    EXPECT_TRUE(isNumbered(partOfPart.get(), 15));
    EXPECT_EQ(stat(heap.get(), "blocks"), 1u);
}

TEST_F(ShareTest, TheBlockGoesWithItsLastPart) {
    const guint64 used = stat(heap.get(), "used");
    Owned<GstMemory> part = share(memory, 10, 20);
    memory.reset();
    EXPECT_EQ(stat(heap.get(), "used"), used);
    part.reset();
    EXPECT_EQ(stat(heap.get(), "used"), 0u);
}

TEST_F(ShareTest, MapsOfPartsAreBalanced) {
    const Owned<GstMemory> first = share(memory, 0, 50);
    const Owned<GstMemory> second = share(memory, 50, 50);
    const guint64 syncs = stat(heap.get(), "syncs");
    {
        // The whole first: where syncs have ranges, a part does not cover what comes after it.
        const Mapped whole(memory.get(), GST_MAP_READ);
        const Mapped a(first.get(), GST_MAP_READ);
        const Mapped b(second.get(), GST_MAP_READ);
        ASSERT_TRUE(whole && a && b);
        EXPECT_EQ(a.data() + 50, b.data());
    }
    EXPECT_EQ(stat(heap.get(), "syncs") - syncs, needsSync(heap.get()) ? 2u : 0u)
        << "one START and one END for all three";
}

TEST_F(ShareTest, PromisesOfZeroesAreThoseOfThePart) {
    GstAllocationParams params{};
    params.prefix = 10;
    params.padding = 10;
    params.flags =
        static_cast<GstMemoryFlags>(GST_MEMORY_FLAG_ZERO_PREFIXED | GST_MEMORY_FLAG_ZERO_PADDED);
    const Owned<GstMemory> padded = allocate(100, &params);
    number(padded.get());
    const Owned<GstMemory> whole = share(padded, 0, -1);
    EXPECT_TRUE(GST_MEMORY_IS_ZERO_PREFIXED(whole.get()));
    EXPECT_TRUE(GST_MEMORY_IS_ZERO_PADDED(whole.get()));
    const Owned<GstMemory> head = share(padded, 0, 50);
    EXPECT_TRUE(GST_MEMORY_IS_ZERO_PREFIXED(head.get()));
    EXPECT_FALSE(GST_MEMORY_IS_ZERO_PADDED(head.get())) << "the other half of the data follows";
    const Owned<GstMemory> tail = share(padded, 50, -1);
    EXPECT_FALSE(GST_MEMORY_IS_ZERO_PREFIXED(tail.get()));
    EXPECT_TRUE(GST_MEMORY_IS_ZERO_PADDED(tail.get()));
}

TEST_F(ShareTest, NeighboursAreASpan) {
    const Owned<GstMemory> first = share(memory, 10, 30);
    const Owned<GstMemory> second = share(memory, 40, 20);
    gsize offset = 0;
    ASSERT_TRUE(gst_memory_is_span(first.get(), second.get(), &offset));
    EXPECT_EQ(offset, 10u);
    const Owned<GstMemory> merged =
        share(memory, static_cast<gssize>(offset), static_cast<gssize>(first->size + second->size));
    EXPECT_TRUE(isNumbered(merged.get(), 10));
    EXPECT_TRUE(gst_memory_is_span(first.get(), second.get(), nullptr));
}

TEST_F(ShareTest, OthersAreNoSpan) {
    const Owned<GstMemory> first = share(memory, 0, 30);
    const Owned<GstMemory> apart = share(memory, 31, 20);
    const Owned<GstMemory> overlapping = share(memory, 29, 20);
    const Owned<GstMemory> other = allocate(100);
    const Owned<GstMemory> ofOther = share(other, 30, 20);
    gsize offset = 0;
    EXPECT_FALSE(gst_memory_is_span(first.get(), apart.get(), &offset));
    EXPECT_FALSE(gst_memory_is_span(first.get(), overlapping.get(), &offset));
    EXPECT_FALSE(gst_memory_is_span(apart.get(), first.get(), &offset)) << "the order counts";
    EXPECT_FALSE(gst_memory_is_span(first.get(), ofOther.get(), &offset));
    EXPECT_FALSE(gst_memory_is_span(memory.get(), first.get(), &offset)) << "no parent, no span";
    EXPECT_FALSE(gst_memory_is_span(first.get(), memory.get(), &offset));
}

// The offset of a span is counted from where the parent's data begin, wherever that is.
TEST_F(ShareTest, ASpanIsCountedFromTheParentsData) {
    gst_memory_resize(memory.get(), 20, 80);
    const Owned<GstMemory> first = share(memory, 10, 10);
    const Owned<GstMemory> second = share(memory, 20, 10);
    gsize offset = 0;
    ASSERT_TRUE(gst_memory_is_span(first.get(), second.get(), &offset));
    EXPECT_EQ(offset, 10u);
    const Owned<GstMemory> merged = share(memory, static_cast<gssize>(offset), 20);
    EXPECT_TRUE(isNumbered(merged.get(), 30));
}

} // namespace

} // namespace mediaheap::test
