// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst_test.h"

namespace mediaheap::test {

namespace {

class CopyTest : public MemoryTest {
protected:
    static Owned<GstMemory> copy(const Owned<GstMemory>& memory, gssize offset, gssize size) {
        return Owned<GstMemory>(gst_memory_copy(memory.get(), offset, size));
    }
};

TEST_F(CopyTest, HasTheBytesAndIsItsOwn) {
    const Owned<GstMemory> memory = allocate(100);
    number(memory.get());
    const Owned<GstMemory> twin = copy(memory, 0, -1);
    ASSERT_NE(twin, nullptr);
    EXPECT_EQ(twin->size, 100u);
    EXPECT_TRUE(gst_is_media_heap_memory(twin.get()));
    EXPECT_EQ(twin->parent, nullptr);
    fill(memory.get(), 0xff);
    EXPECT_TRUE(isNumbered(twin.get(), 0));
}

TEST_F(CopyTest, TakesWhatItIsAskedFor) {
    const Owned<GstMemory> memory = allocate(100);
    number(memory.get());
    const Owned<GstMemory> middle = copy(memory, 20, 30);
    EXPECT_EQ(middle->size, 30u);
    EXPECT_TRUE(isNumbered(middle.get(), 20));
    const Owned<GstMemory> tail = copy(memory, 60, -1);
    EXPECT_EQ(tail->size, 40u);
    EXPECT_TRUE(isNumbered(tail.get(), 60));
    const Owned<GstMemory> part(gst_memory_share(memory.get(), 10, 50));
    const Owned<GstMemory> ofPart = copy(part, 5, -1);
    EXPECT_EQ(ofPart->size, 45u);
    EXPECT_TRUE(isNumbered(ofPart.get(), 15));
}

TEST_F(CopyTest, OfNothingIsNothing) {
    const Owned<GstMemory> memory = allocate(0);
    ASSERT_NE(memory, nullptr);
    for (const auto& [offset, size] : {std::pair<gssize, gssize>{0, -1}, {0, 0}, {10, -1}}) {
        const Owned<GstMemory> nothing = copy(memory, offset, size);
        ASSERT_NE(nothing, nullptr) << offset << " " << size;
        const Mapped mapped(nothing.get(), GST_MAP_READ);
        ASSERT_TRUE(mapped);
        EXPECT_EQ(mapped.size(), 0u);
    }
}

TEST_F(CopyTest, BeyondTheBlockIsRefused) {
    const Owned<GstMemory> memory = allocate(100);
    const auto all = static_cast<gssize>(memory->maxsize);
    EXPECT_NE(copy(memory, 0, all), nullptr);
    EXPECT_EQ(copy(memory, 1, all), nullptr);
    EXPECT_EQ(copy(memory, -1, 10), nullptr);
    EXPECT_EQ(copy(memory, G_MAXSSIZE, G_MAXSSIZE), nullptr);
    EXPECT_EQ(copy(memory, G_MINSSIZE, -1), nullptr);
    EXPECT_EQ(copy(memory, G_MINSSIZE, 10), nullptr);
    EXPECT_EQ(copy(memory, 0, -2), nullptr);
}

TEST_F(CopyTest, IsWritableWhateverTheOriginalIs) {
    const Owned<GstMemory> memory = allocate(100);
    const Owned<GstMemory> part(gst_memory_share(memory.get(), 0, -1));
    const Owned<GstMemory> twin = copy(part, 0, -1);
    EXPECT_FALSE(GST_MEMORY_IS_READONLY(twin.get()));
    EXPECT_TRUE(gst_memory_is_writable(twin.get()));
    EXPECT_TRUE(Mapped(twin.get(), GST_MAP_WRITE));
}

TEST_F(CopyTest, KeepsTheAlignment) {
    GstAllocationParams params{};
    params.align = 0xffff;
    const Owned<GstMemory> memory = allocate(100, &params);
    const Owned<GstMemory> twin = copy(memory, 0, -1);
    EXPECT_EQ(twin->align, params.align);
    const Mapped mapped(twin.get(), GST_MAP_READ);
    EXPECT_EQ(reinterpret_cast<guintptr>(mapped.data()) & params.align, 0u);
}

TEST_F(CopyTest, WhatIsBeingWrittenIsCopiedAsWell) {
    const Owned<GstMemory> memory = allocate(100);
    number(memory.get());
    const Mapped writing(memory.get(), GST_MAP_WRITE);
    const Owned<GstMemory> twin = copy(memory, 0, -1);
    ASSERT_NE(twin, nullptr);
    EXPECT_TRUE(isNumbered(twin.get(), 0));
}

TEST_F(CopyTest, GoesToSystemMemoryWhenTheHeapIsFull) {
    const Owned<GstMemory> memory = allocate(100);
    number(memory.get());
    const Owned<GstMemory> rest = allocate(stat(heap.get(), "largest-free"));
    ASSERT_NE(rest, nullptr);
    const Owned<GstMemory> twin = copy(memory, 10, 50);
    ASSERT_NE(twin, nullptr);
    EXPECT_TRUE(gst_memory_is_type(twin.get(), GST_ALLOCATOR_SYSMEM));
    EXPECT_TRUE(isNumbered(twin.get(), 10));
}

TEST_F(CopyTest, GoesToSystemMemoryEvenWhereTheHeapIsTheDefault) {
    const Owned<GstMemory> memory = allocate(100);
    number(memory.get());
    GstAllocator* system = gst_allocator_find(GST_ALLOCATOR_SYSMEM);
    gst_allocator_set_default(GST_ALLOCATOR(gst_object_ref(allocator.get())));
    {
        const Owned<GstMemory> rest = allocate(stat(heap.get(), "largest-free"));
        const Owned<GstMemory> twin = copy(memory, 0, -1);
        EXPECT_TRUE(twin != nullptr && gst_memory_is_type(twin.get(), GST_ALLOCATOR_SYSMEM));
    }
    gst_allocator_set_default(system);
}

TEST_F(CopyTest, SaysSoAmongThePerformanceMessages) {
    const Owned<GstMemory> memory = allocate(100);
    const GstLog log("GST_PERFORMANCE", GST_LEVEL_DEBUG);
    copy(memory, 0, -1);
    EXPECT_TRUE(log.contains("memcpy 100 heap memory")) << log.text();
}

} // namespace

} // namespace mediaheap::test
