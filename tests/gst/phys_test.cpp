// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Memory of heaps that know physical addresses: with a descriptor (mpp) and without (mmz).
#include <optional>
#include <string>

#include <gst/allocators/allocators.h>

#include "fake_kernel.h"
#include "gst_test.h"
#include "kernel_override.h"

namespace mediaheap::test {

namespace {

class PhysTest : public GstTest {
protected:
    void SetUp() override {
        GstTest::SetUp();
        kernel.addDmaHeap("mpp");
        kernel.addMmz("anonymous", 1 << 20);
        override_.emplace(kernel);
    }
    void TearDown() override {
        memory.reset();
        allocator.reset();
        heap.reset();
        EXPECT_EQ(kernel.liveBuffers(), 0u);
        EXPECT_EQ(kernel.mmz.blocks(), 0u);
        override_.reset();
        GstTest::TearDown();
    }

    /// Opens a heap and takes a memory of 1000 bytes from it.
    void use(const char* string) {
        heap.reset(gst_media_heap_open(string, nullptr));
        ASSERT_NE(heap, nullptr);
        allocator.reset(gst_media_heap_get_allocator(heap.get()));
        memory.reset(gst_allocator_alloc(allocator.get(), 1000, nullptr));
        ASSERT_NE(memory, nullptr);
    }

    FakeKernel kernel;
    Owned<GstMediaHeap> heap;
    Owned<GstAllocator> allocator;
    Owned<GstMemory> memory;

private:
    std::optional<KernelOverride> override_;
};

TEST_F(PhysTest, ADmaBufTellsItsAddressWhereTheSourceKnowsIt) {
    kernel.knowsPhysical = true;
    use("mpp,size=1M,zone=phys");
    EXPECT_TRUE(gst_is_dmabuf_memory(memory.get()));
    EXPECT_TRUE(gst_is_media_heap_memory(memory.get()));
    ASSERT_TRUE(gst_is_phys_memory(memory.get()));
    EXPECT_EQ(gst_phys_memory_get_phys_addr(memory.get()), guintptr{0x40000000});
    EXPECT_TRUE(GST_MEMORY_FLAG_IS_SET(memory.get(), GST_MEMORY_FLAG_PHYSICALLY_CONTIGUOUS));
}

TEST_F(PhysTest, ADmaBufWithALabelTellsNone) {
    use("mpp,size=1M,zone=label");
    EXPECT_TRUE(gst_is_dmabuf_memory(memory.get()));
    EXPECT_FALSE(gst_is_phys_memory(memory.get()));
    EXPECT_FALSE(GST_IS_PHYS_MEMORY_ALLOCATOR(allocator.get()));
}

TEST_F(PhysTest, MemoryWithoutADescriptorIsNeitherDmaBufNorFdMemory) {
    const uint64_t next = kernel.mmz.nextAddress;
    use("mmz,size=512K");
    EXPECT_FALSE(gst_is_dmabuf_memory(memory.get()));
    EXPECT_FALSE(gst_is_fd_memory(memory.get()));
    EXPECT_FALSE(gst_media_heap_is_dmabuf(heap.get()));
    EXPECT_TRUE(gst_is_media_heap_memory(memory.get()));
    ASSERT_TRUE(gst_is_phys_memory(memory.get()));
    EXPECT_GE(gst_phys_memory_get_phys_addr(memory.get()), guintptr{next});
    const Owned<GstMediaHeap> owner(gst_media_heap_memory_get_heap(memory.get()));
    EXPECT_EQ(owner, heap);
}

TEST_F(PhysTest, ItMapsSyncsAndCopies) {
    use("mmz,size=512K");
    number(memory.get());
    kernel.mmz.flushes.clear();
    EXPECT_TRUE(isNumbered(memory.get(), 0));
    EXPECT_EQ(kernel.mmz.flushes.size(), 2u) << "before the map and after it";
    const Owned<GstMemory> copied(gst_memory_copy(memory.get(), 10, 20));
    EXPECT_TRUE(isNumbered(copied.get(), 10));
    EXPECT_TRUE(gst_is_phys_memory(copied.get()));
    EXPECT_NE(gst_phys_memory_get_phys_addr(copied.get()),
              gst_phys_memory_get_phys_addr(memory.get()));
}

TEST_F(PhysTest, APartLiesByItsOffsetFurtherOn) {
    for (const char* const string : {"mmz,size=512K", "mpp,size=1M,zone=part"}) {
        kernel.knowsPhysical = true;
        memory.reset();
        use(string);
        number(memory.get());
        const guintptr whole = gst_phys_memory_get_phys_addr(memory.get());
        const Owned<GstMemory> part(gst_memory_share(memory.get(), 100, 200));
        ASSERT_NE(part, nullptr);
        ASSERT_TRUE(gst_is_phys_memory(part.get()));
        EXPECT_EQ(gst_phys_memory_get_phys_addr(part.get()), whole + 100) << string;
        EXPECT_TRUE(isNumbered(part.get(), 100));
        const Owned<GstMemory> partOfPart(gst_memory_share(part.get(), 50, -1));
        EXPECT_EQ(gst_phys_memory_get_phys_addr(partOfPart.get()), whole + 150) << string;
        EXPECT_EQ(partOfPart->size, 150u);
        gsize offset = 0;
        const Owned<GstMemory> next(gst_memory_share(memory.get(), 300, 10));
        EXPECT_TRUE(gst_memory_is_span(part.get(), next.get(), &offset));
        EXPECT_EQ(offset, 100u);
    }
}

TEST_F(PhysTest, APrefixIsNotPartOfTheData) {
    use("mmz,size=512K");
    const guintptr plain = gst_phys_memory_get_phys_addr(memory.get());
    GstAllocationParams params{};
    params.prefix = 64;
    const Owned<GstMemory> prefixed(gst_allocator_alloc(allocator.get(), 1000, &params));
    EXPECT_EQ(gst_phys_memory_get_phys_addr(prefixed.get()) % 4096, 64u);
    EXPECT_EQ(plain % 4096, 0u);
}

TEST_F(PhysTest, APoolLendsItAndGetsItBack) {
    use("mmz,size=512K");
    memory.reset();
    const Owned<GstBufferPool> pool(gst_media_heap_buffer_pool_new(heap.get()));
    GstStructure* config = gst_buffer_pool_get_config(pool.get());
    const Owned<GstCaps> caps(
        gst_caps_from_string("video/x-raw,format=NV12,width=64,height=64,framerate=30/1"));
    gst_buffer_pool_config_set_params(config, caps.get(), 64 * 64 * 3 / 2, 1, 2);
    ASSERT_TRUE(gst_buffer_pool_set_config(pool.get(), config));
    ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    guintptr first = 0;
    for (int n = 0; n < 3; ++n) {
        GstBuffer* raw = nullptr;
        ASSERT_EQ(gst_buffer_pool_acquire_buffer(pool.get(), &raw, nullptr), GST_FLOW_OK);
        const Owned<GstBuffer> buffer(raw);
        GstMemory* const lent = gst_buffer_peek_memory(buffer.get(), 0);
        ASSERT_TRUE(gst_is_phys_memory(lent));
        if (n == 0)
            first = gst_phys_memory_get_phys_addr(lent);
        EXPECT_EQ(gst_phys_memory_get_phys_addr(lent), first);
        fill(lent, static_cast<guint8>(n));
    }
    gst_buffer_pool_set_active(pool.get(), FALSE);
}

} // namespace

} // namespace mediaheap::test
