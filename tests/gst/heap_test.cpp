// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <gst/allocators/allocators.h>

#include "fake_kernel.h"
#include "gst_test.h"
#include "kernel_override.h"

namespace mediaheap::test {

namespace {

class HeapTest : public GstTest {};

/// MEDIAHEAP_DEFAULT as a test wants it.
class DefaultHeap {
public:
    explicit DefaultHeap(const std::string& value) {
        const char* before = g_getenv("MEDIAHEAP_DEFAULT");
        if (before != nullptr)
            before_ = before;
        g_setenv("MEDIAHEAP_DEFAULT", value.c_str(), TRUE);
    }
    ~DefaultHeap() {
        if (before_)
            g_setenv("MEDIAHEAP_DEFAULT", before_->c_str(), TRUE);
        else
            g_unsetenv("MEDIAHEAP_DEFAULT");
    }

private:
    std::optional<std::string> before_;
};

TEST_F(HeapTest, OneFacilityIsOneObject) {
    const std::string string = testHeapString("size=1M");
    const Owned<GstMediaHeap> first(gst_media_heap_open(string.c_str(), nullptr));
    const Owned<GstMediaHeap> second(gst_media_heap_open(string.c_str(), nullptr));
    const Owned<GstMediaHeap> other = openTestHeap("size=1M");
    EXPECT_EQ(first, second);
    EXPECT_NE(first, other);
}

TEST_F(HeapTest, NothingAndTheEmptyStringAreAuto) {
    const DefaultHeap chosen(testHeapString("size=1M"));
    const Owned<GstMediaHeap> fromNull(gst_media_heap_open(nullptr, nullptr));
    const Owned<GstMediaHeap> fromEmpty(gst_media_heap_open("", nullptr));
    const Owned<GstMediaHeap> fromAuto(gst_media_heap_open("auto", nullptr));
    ASSERT_NE(fromNull, nullptr);
    EXPECT_EQ(fromNull, fromEmpty);
    EXPECT_EQ(fromNull, fromAuto);
}

struct BadString {
    const char* heap;
    GstResourceError code;
    const char* mentions;
};

class BadStringTest : public GstTest, public testing::WithParamInterface<BadString> {};

TEST_P(BadStringTest, IsRefusedWithCodeHeapStringAndCause) {
    GError* error = nullptr;
    EXPECT_EQ(gst_media_heap_open(GetParam().heap, &error), nullptr);
    const Owned<GError> owned(error);
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->domain, GST_RESOURCE_ERROR);
    EXPECT_EQ(error->code, GetParam().code) << error->message;
    const std::string message = error->message;
    EXPECT_NE(message.find(GetParam().heap), std::string::npos) << message;
    EXPECT_NE(message.find(GetParam().mentions), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Of, BadStringTest,
    testing::Values(BadString{"nonsense", GST_RESOURCE_ERROR_SETTINGS, "unknown source"},
                    BadString{"memfd,colour=red", GST_RESOURCE_ERROR_SETTINGS, "colour"},
                    BadString{"memfd,size=0", GST_RESOURCE_ERROR_SETTINGS, "size"},
                    BadString{"memfd,size=4X", GST_RESOURCE_ERROR_SETTINGS, "size"},
                    BadString{"memfd,require=dmabuf", GST_RESOURCE_ERROR_SETTINGS, "DMA-BUF"},
                    BadString{"memfd,cached=0", GST_RESOURCE_ERROR_SETTINGS, "cached"},
                    BadString{"dma-heap:nowhere", GST_RESOURCE_ERROR_NOT_FOUND,
                              "/dev/dma_heap/nowhere"}));

TEST_F(HeapTest, ContradictionIsBusyAndNamesTheFirstString) {
    const Owned<GstMediaHeap> heap(gst_media_heap_open("memfd,size=1M,zone=twice", nullptr));
    GError* error = nullptr;
    EXPECT_EQ(gst_media_heap_open("memfd,size=2M,zone=twice", &error), nullptr);
    const Owned<GError> owned(error);
    ASSERT_NE(error, nullptr);
    EXPECT_TRUE(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY));
    EXPECT_NE(std::string(error->message).find("memfd,size=1M,zone=twice"), std::string::npos)
        << error->message;
}

TEST_F(HeapTest, PermissionAndMemoryHaveCodesOfTheirOwn) {
    FakeKernel kernel;
    kernel.addDmaHeap("closed", {{}, EACCES});
    kernel.addDmaHeap("full", {{}, ENOMEM});
    const KernelOverride override(kernel);
    GError* error = nullptr;
    EXPECT_EQ(gst_media_heap_open("dma-heap:closed", &error), nullptr);
    EXPECT_TRUE(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE));
    g_clear_error(&error);
    EXPECT_EQ(gst_media_heap_open("dma-heap:full", &error), nullptr);
    EXPECT_TRUE(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT));
    g_clear_error(&error);
}

TEST_F(HeapTest, LivesAsLongAsItsMemory) {
    Owned<GstMediaHeap> heap = openTestHeap();
    GWeakRef weak;
    g_weak_ref_init(&weak, heap.get());
    Owned<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
    Owned<GstMemory> memory(gst_allocator_alloc(allocator.get(), 100, nullptr));
    heap.reset();
    allocator.reset();
    {
        const Owned<GstMediaHeap> alive(static_cast<GstMediaHeap*>(g_weak_ref_get(&weak)));
        EXPECT_NE(alive, nullptr);
    }
    number(memory.get());
    EXPECT_TRUE(isNumbered(memory.get(), 0));
    memory.reset();
    EXPECT_EQ(g_weak_ref_get(&weak), nullptr) << "nobody uses the heap any more";
    g_weak_ref_clear(&weak);
}

TEST_F(HeapTest, OpensAndGoesFromManyThreads) {
    const std::string string = testHeapString("size=1M");
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&string] {
            for (int round = 0; round < 100; round++) {
                const Owned<GstMediaHeap> heap(gst_media_heap_open(string.c_str(), nullptr));
                ASSERT_NE(heap, nullptr);
                const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
                const Owned<GstMediaHeap> same(gst_media_heap_open(string.c_str(), nullptr));
                ASSERT_EQ(heap, same);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

TEST_F(HeapTest, AllocatorIsOneAndSaysWhatItsMemoryIs) {
    const Owned<GstMediaHeap> heap = openTestHeap();
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
    const Owned<GstAllocator> again(gst_media_heap_get_allocator(heap.get()));
    EXPECT_EQ(allocator, again);
    EXPECT_TRUE(GST_IS_FD_ALLOCATOR(allocator.get()));
    EXPECT_EQ(GST_IS_DMABUF_ALLOCATOR(allocator.get()), gst_media_heap_is_dmabuf(heap.get()));
    EXPECT_FALSE(GST_OBJECT_FLAG_IS_SET(allocator.get(), GST_ALLOCATOR_FLAG_CUSTOM_ALLOC));

    const Owned<GstMemory> memory(gst_allocator_alloc(allocator.get(), 100, nullptr));
    EXPECT_TRUE(gst_is_fd_memory(memory.get()));
    EXPECT_EQ(gst_is_dmabuf_memory(memory.get()), gst_media_heap_is_dmabuf(heap.get()));
    EXPECT_TRUE(gst_is_media_heap_memory(memory.get()));
    EXPECT_TRUE(gst_media_heap_memory_is_cached(memory.get()));
    const Owned<GstMediaHeap> owner(gst_media_heap_memory_get_heap(memory.get()));
    EXPECT_EQ(owner, heap);
}

TEST_F(HeapTest, ForeignMemoryIsNotMistakenForIts) {
    const Owned<GstMemory> system(gst_allocator_alloc(nullptr, 100, nullptr));
    const Owned<GstAllocator> fds(gst_fd_allocator_new());
    const Owned<GstMemory> fd(
        gst_fd_allocator_alloc(fds.get(), 0, 100, GST_FD_MEMORY_FLAG_DONT_CLOSE));
    for (GstMemory* memory : {system.get(), fd.get()}) {
        EXPECT_FALSE(gst_is_media_heap_memory(memory));
        EXPECT_EQ(gst_media_heap_memory_get_heap(memory), nullptr);
    }
    EXPECT_FALSE(gst_is_media_heap_memory(nullptr));
}

TEST_F(HeapTest, StatsHaveEveryFieldThatIsPromised) {
    const Owned<GstMediaHeap> heap = openTestHeap("size=1M");
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
    const Owned<GstMemory> memory(gst_allocator_alloc(allocator.get(), 100, nullptr));
    EXPECT_EQ(gst_allocator_alloc(allocator.get(), 2 << 20, nullptr), nullptr);

    const Owned<GstStructure> stats(gst_media_heap_get_stats(heap.get()));
    EXPECT_STREQ(gst_structure_get_name(stats.get()), "media-heap-stats");
    EXPECT_STREQ(gst_structure_get_string(stats.get(), "description"),
                 gst_media_heap_get_description(heap.get()));
    const guint64 block = memory->maxsize;
    EXPECT_EQ(stat(heap.get(), "size"), 1u << 20);
    EXPECT_EQ(stat(heap.get(), "used"), block);
    EXPECT_EQ(stat(heap.get(), "peak"), block);
    EXPECT_EQ(stat(heap.get(), "cached"), 0u);
    EXPECT_EQ(stat(heap.get(), "held"), 0u);
    EXPECT_EQ(stat(heap.get(), "largest-free"), (1u << 20) - block);
    EXPECT_EQ(stat(heap.get(), "blocks"), 1u);
    EXPECT_EQ(stat(heap.get(), "failures"), 1u);
    for (const char* field : {"syncs", "syncs-saved", "bytes-synced"})
        EXPECT_TRUE(gst_structure_has_field_typed(stats.get(), field, G_TYPE_UINT64)) << field;
}

TEST_F(HeapTest, SaysWhatAutoPassedOver) {
    FakeKernel bare;
    const KernelOverride override(bare);
    const DefaultHeap none("");
    const Owned<GstMediaHeap> heap(gst_media_heap_open("auto,size=1M,zone=passed", nullptr));
    ASSERT_NE(heap, nullptr);
    EXPECT_TRUE(g_str_has_prefix(gst_media_heap_get_description(heap.get()), "memfd"));
    const Owned<gchar*> lines(gst_media_heap_get_passed_over(heap.get()));
    const Owned<gchar> text(g_strjoinv("\n", lines.get()));
    EXPECT_NE(std::string(text.get()).find("udmabuf: "), std::string::npos) << text.get();
    EXPECT_NE(std::string(text.get()).find("/dev/udmabuf"), std::string::npos) << text.get();

    const Owned<GstMediaHeap> named(gst_media_heap_open("memfd,size=1M,zone=named", nullptr));
    const Owned<gchar*> nothing(gst_media_heap_get_passed_over(named.get()));
    EXPECT_EQ(g_strv_length(nothing.get()), 0u);
}

TEST_F(HeapTest, ReportsNameTheBlocks) {
    const Owned<GstMediaHeap> heap = openTestHeap();
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
    gst_object_set_name(GST_OBJECT(allocator.get()), "camera-front");
    const Owned<GstMemory> memory(gst_allocator_alloc(allocator.get(), 100, nullptr));
    for (const auto format : {GST_MEDIA_HEAP_REPORT_TEXT, GST_MEDIA_HEAP_REPORT_JSON}) {
        const Owned<gchar> report(gst_media_heap_report(heap.get(), format));
        EXPECT_NE(std::string(report.get()).find("camera-front"), std::string::npos)
            << report.get();
    }
}

TEST_F(HeapTest, TrimGivesBackWhatWasFreed) {
    const Owned<GstMediaHeap> heap = openTestHeap();
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
    Owned<GstMemory> memory(gst_allocator_alloc(allocator.get(), 100000, nullptr));
    memory.reset();
    EXPECT_GT(gst_media_heap_trim(heap.get()), 0u);
    EXPECT_EQ(stat(heap.get(), "cached"), 0u);
}

TEST_F(HeapTest, DestroyWaitsForTheMemoryAndThenAllowsNone) {
    const std::string string = testHeapString("size=1M");
    const Owned<GstMediaHeap> heap(gst_media_heap_open(string.c_str(), nullptr));
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
    gst_object_set_name(GST_OBJECT(allocator.get()), "still-here");
    Owned<GstMemory> memory(gst_allocator_alloc(allocator.get(), 100, nullptr));

    GError* error = nullptr;
    EXPECT_FALSE(gst_media_heap_destroy(heap.get(), &error));
    ASSERT_TRUE(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY));
    EXPECT_NE(std::string(error->message).find("still-here"), std::string::npos) << error->message;
    g_clear_error(&error);
    number(memory.get());
    memory.reset();

    EXPECT_TRUE(gst_media_heap_destroy(heap.get(), &error));
    EXPECT_EQ(gst_allocator_alloc(allocator.get(), 100, nullptr), nullptr);
    const Owned<GstMediaHeap> anew(gst_media_heap_open(string.c_str(), nullptr));
    EXPECT_NE(anew, heap);
    const Owned<GstAllocator> fresh(gst_media_heap_get_allocator(anew.get()));
    const Owned<GstMemory> allocated(gst_allocator_alloc(fresh.get(), 100, nullptr));
    EXPECT_NE(allocated, nullptr);
}

TEST_F(HeapTest, TravelsInAContext) {
    const Owned<GstMediaHeap> heap = openTestHeap();
    Owned<GstContext> context(gst_context_new(GST_MEDIA_HEAP_CONTEXT_TYPE, TRUE));
    GstMediaHeap* found = heap.get();
    EXPECT_FALSE(gst_context_get_media_heap(context.get(), &found));
    EXPECT_EQ(found, nullptr);

    gst_context_set_media_heap(context.get(), heap.get());
    EXPECT_TRUE(gst_context_get_media_heap(context.get(), nullptr));
    ASSERT_TRUE(gst_context_get_media_heap(context.get(), &found));
    EXPECT_EQ(found, heap.get());
    gst_object_unref(found);
}

TEST_F(HeapTest, AnObjectFromNowhereIsRefusedAndNothingCrashes) {
    auto* heap = GST_MEDIA_HEAP(g_object_new(GST_TYPE_MEDIA_HEAP, nullptr));
    const Owned<GstMediaHeap> owned(GST_MEDIA_HEAP(gst_object_ref_sink(heap)));
    EXPECT_EQ(criticalsDuring([heap] {
                  EXPECT_EQ(gst_media_heap_get_description(heap), nullptr);
                  EXPECT_EQ(gst_media_heap_get_allocator(heap), nullptr);
                  EXPECT_EQ(gst_media_heap_get_stats(heap), nullptr);
                  EXPECT_EQ(gst_media_heap_get_passed_over(heap), nullptr);
                  EXPECT_EQ(gst_media_heap_trim(heap), 0u);
                  EXPECT_FALSE(gst_media_heap_destroy(heap, nullptr));
              }),
              6);
}

TEST_F(HeapTest, WhatTheCoreLogsIsInTheDebugCategory) {
    FakeKernel kernel;
    kernel.addDmaHeap("system");
    kernel.namingError = EPERM;
    const KernelOverride override(kernel);
    const Owned<GstMediaHeap> heap(gst_media_heap_open("dma-heap:system,size=1M", nullptr));
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(heap.get()));
    const GstLog log("mediaheap", GST_LEVEL_DEBUG);
    const Owned<GstMemory> memory(gst_allocator_alloc(allocator.get(), 100, nullptr));
    EXPECT_NE(memory, nullptr) << "a failed naming is no failure";
    EXPECT_TRUE(log.contains("EPERM")) << log.text();
}

} // namespace

} // namespace mediaheap::test
