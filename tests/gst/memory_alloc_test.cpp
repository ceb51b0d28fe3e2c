// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <string>
#include <vector>

#include "fake_kernel.h"
#include "gst_test.h"
#include "kernel_override.h"

namespace mediaheap::test {

namespace {

using AllocTest = MemoryTest;

bool isZero(const guint8* data, gsize size) {
    return std::all_of(data, data + size, [](guint8 byte) { return byte == 0; });
}

TEST_F(AllocTest, MemoryOfNoSizeIsMemory) {
    const Owned<GstMemory> memory = allocate(0);
    ASSERT_NE(memory, nullptr);
    const Mapped mapped(memory.get(), GST_MAP_READ);
    ASSERT_TRUE(mapped);
    EXPECT_NE(mapped.data(), nullptr);
    EXPECT_EQ(mapped.size(), 0u);
}

TEST_F(AllocTest, AWholeFrameCanBeTouched) {
    const gsize size = 640 * 480 * 4;
    const Owned<GstMemory> memory = allocate(size);
    const Mapped mapped(memory.get(), GST_MAP_WRITE);
    ASSERT_TRUE(mapped);
    EXPECT_EQ(mapped.size(), size);
    mapped.data()[size - 1] = 0xff;
}

TEST_F(AllocTest, PrefixAndPaddingLieAroundTheData) {
    GstAllocationParams params{};
    params.prefix = 10;
    params.padding = 30;
    const Owned<GstMemory> memory = allocate(100, &params);
    EXPECT_EQ(memory->size, 100u);
    EXPECT_EQ(memory->offset, 10u);
    EXPECT_GE(memory->maxsize, 140u);
    gst_memory_resize(memory.get(), -10, 140);
    EXPECT_TRUE(Mapped(memory.get(), GST_MAP_WRITE));
}

TEST_F(AllocTest, ZeroedPrefixAndPaddingAreZeroAlsoInMemoryUsedBefore) {
    GstAllocationParams params{};
    params.prefix = 10;
    params.padding = 10;
    params.flags =
        static_cast<GstMemoryFlags>(GST_MEMORY_FLAG_ZERO_PREFIXED | GST_MEMORY_FLAG_ZERO_PADDED);
    for (int round = 0; round < 3; round++) {
        const Owned<GstMemory> memory = allocate(100, &params);
        EXPECT_TRUE(GST_MEMORY_IS_ZERO_PREFIXED(memory.get()));
        EXPECT_TRUE(GST_MEMORY_IS_ZERO_PADDED(memory.get()));
        {
            const Mapped mapped(memory.get(), GST_MAP_READ);
            EXPECT_TRUE(isZero(mapped.data() - 10, 10));
            EXPECT_TRUE(isZero(mapped.data() + 100, memory->maxsize - 110));
        }
        gst_memory_resize(memory.get(), -10, memory->maxsize);
        EXPECT_FALSE(GST_MEMORY_IS_ZERO_PADDED(memory.get()) && memory->size < memory->maxsize);
        fill(memory.get(), 0xaa);
    }
}

TEST_F(AllocTest, AlignsToTheMask) {
    for (const gsize mask : {gsize{0}, gsize{15}, gsize{4095}, gsize{0xffff}}) {
        GstAllocationParams params{};
        params.align = mask;
        const Owned<GstMemory> memory = allocate(100, &params);
        ASSERT_NE(memory, nullptr) << mask;
        EXPECT_EQ(memory->align, mask);
        const Mapped mapped(memory.get(), GST_MAP_READ);
        EXPECT_EQ(reinterpret_cast<guintptr>(mapped.data()) & mask, 0u) << mask;
    }
}

TEST_F(AllocTest, SumsThatOverflowAreNoMemory) {
    const auto refused = [this](gsize size, gsize prefix, gsize padding, gsize align) {
        GstAllocationParams params{};
        params.prefix = prefix;
        params.padding = padding;
        params.align = align;
        return allocate(size, &params) == nullptr;
    };
    EXPECT_TRUE(refused(G_MAXSIZE, 0, 0, 0));
    EXPECT_TRUE(refused(G_MAXSIZE, 1, 0, 0));
    EXPECT_TRUE(refused(1, G_MAXSIZE, 0, 0));
    EXPECT_TRUE(refused(100, 10, G_MAXSIZE - 100, 0));
    EXPECT_TRUE(refused(100, 0, 0, G_MAXSIZE));
    EXPECT_TRUE(refused(100, 0, 0, G_MAXSIZE / 2));
    EXPECT_EQ(stat(heap.get(), "blocks"), 0u);
}

TEST_F(AllocTest, WhatTheHeapCannotHoldIsNoMemoryWithTheReasonLogged) {
    const GstLog log("mediaheap", GST_LEVEL_WARNING);
    EXPECT_EQ(allocate(9 << 20), nullptr);
    EXPECT_TRUE(log.contains("8192 KiB")) << log.text();
    EXPECT_TRUE(log.contains(gst_media_heap_get_description(heap.get()))) << log.text();

    std::vector<Owned<GstMemory>> all;
    while (Owned<GstMemory> memory = allocate(1 << 20))
        all.push_back(std::move(memory));
    EXPECT_EQ(all.size(), 8u);
    all.pop_back();
    EXPECT_NE(allocate(1 << 20), nullptr);
}

TEST_F(AllocTest, ContiguousMemoryIsRefusedWhereThereIsNone) {
    GstAllocationParams params{};
    params.flags = GST_MEMORY_FLAG_PHYSICALLY_CONTIGUOUS;
    const Owned<GstMediaHeap> scattered(gst_media_heap_open("memfd,size=1M,zone=pages", nullptr));
    const Owned<GstAllocator> pages(gst_media_heap_get_allocator(scattered.get()));
    EXPECT_EQ(gst_allocator_alloc(pages.get(), 100000, &params), nullptr);
    const Owned<GstMemory> any(gst_allocator_alloc(pages.get(), 100000, nullptr));
    EXPECT_FALSE(GST_MEMORY_IS_PHYSICALLY_CONTIGUOUS(any.get()));
}

TEST_F(AllocTest, ContiguousMemorySaysSoAskedOrNot) {
    FakeKernel kernel;
    kernel.addDmaHeap("default_cma_region");
    const KernelOverride override(kernel);
    const Owned<GstMediaHeap> cma(
        gst_media_heap_open("dma-heap:default_cma_region,size=1M", nullptr));
    ASSERT_NE(cma, nullptr);
    const Owned<GstAllocator> contiguous(gst_media_heap_get_allocator(cma.get()));
    GstAllocationParams params{};
    for (const GstMemoryFlags asked :
         {static_cast<GstMemoryFlags>(0), GST_MEMORY_FLAG_PHYSICALLY_CONTIGUOUS}) {
        params.flags = asked;
        const Owned<GstMemory> memory(gst_allocator_alloc(contiguous.get(), 100000, &params));
        ASSERT_NE(memory, nullptr);
        EXPECT_TRUE(GST_MEMORY_IS_PHYSICALLY_CONTIGUOUS(memory.get()));
        const Owned<GstMemory> part(gst_memory_share(memory.get(), 10, 20));
        EXPECT_TRUE(GST_MEMORY_IS_PHYSICALLY_CONTIGUOUS(part.get()));
    }
}

/// Fills a frame of a pool of its own with @p value; how many bytes of it had that value before.
gsize useAPool(GstMediaHeap* heap, gsize size, guint8 value) {
    const Owned<GstCaps> caps(gst_caps_new_empty_simple("test/data"));
    const Owned<GstBufferPool> pool(gst_media_heap_buffer_pool_new(heap));
    GstStructure* config = gst_buffer_pool_get_config(pool.get());
    gst_buffer_pool_config_set_params(config, caps.get(), static_cast<guint>(size), 1, 1);
    EXPECT_TRUE(gst_buffer_pool_set_config(pool.get(), config));
    EXPECT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    GstBuffer* buffer = nullptr;
    EXPECT_EQ(gst_buffer_pool_acquire_buffer(pool.get(), &buffer, nullptr), GST_FLOW_OK);
    const Owned<GstBuffer> owned(buffer);
    const Mapped mapped(gst_buffer_peek_memory(buffer, 0), GST_MAP_READWRITE);
    const auto before = std::count(mapped.data(), mapped.data() + size, value);
    std::fill_n(mapped.data(), size, value);
    return static_cast<gsize>(before);
}

TEST_F(AllocTest, OneClientsDataIsNotShownToAnother) {
    const gsize size = 64 * 1024;
    EXPECT_EQ(useAPool(heap.get(), size, 0x5a), 0u);
    EXPECT_EQ(useAPool(heap.get(), size, 0x5a), 0u) << "one pool sees what another has left";
    const Owned<GstMemory> memory = allocate(size);
    const Mapped mapped(memory.get(), GST_MAP_READ);
    EXPECT_EQ(std::count(mapped.data(), mapped.data() + size, 0x5a), 0);
}

TEST_F(AllocTest, BlocksBearTheNameOfTheAllocator) {
    gst_object_set_name(GST_OBJECT(allocator.get()), "thumbnails");
    const Owned<GstMemory> memory = allocate(100);
    const Owned<GstMemory> twin(gst_memory_copy(memory.get(), 0, -1));
    const Owned<gchar> report(gst_media_heap_report(heap.get(), GST_MEDIA_HEAP_REPORT_TEXT));
    EXPECT_NE(std::string(report.get()).find("\"thumbnails\""), std::string::npos) << report.get();
    EXPECT_NE(std::string(report.get()).find("\"copy of thumbnails\""), std::string::npos)
        << report.get();
}

} // namespace

} // namespace mediaheap::test
