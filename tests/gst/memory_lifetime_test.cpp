// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdlib>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gst/allocators/allocators.h>

#include "gst_test.h"

namespace mediaheap::test {

namespace {

using LifetimeTest = MemoryTest;

TEST_F(LifetimeTest, DescriptorsAreClosedOnExec) {
    const Owned<GstMemory> memory = allocate(100);
    const int flags = fcntl(gst_fd_memory_get_fd(memory.get()), F_GETFD);
    ASSERT_GE(flags, 0);
    EXPECT_TRUE(flags & FD_CLOEXEC);
}

TEST_F(LifetimeTest, AForkedChildDisturbsNothing) {
    Owned<GstMemory> memory = allocate(100000);
    number(memory.get());
    int gate[2];
    ASSERT_EQ(pipe2(gate, O_CLOEXEC), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        // Lives on beside the parent, as a spawned helper does until its exec().
        char go = 0;
        close(gate[1]);
        _exit(read(gate[0], &go, 1) == 0 ? 0 : 1);
    }
    close(gate[0]);
    EXPECT_TRUE(isNumbered(memory.get(), 0));
    fill(memory.get(), 7);
    close(gate[1]);
    int status = 1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);

    memory.reset();
    EXPECT_EQ(stat(heap.get(), "used"), 0u) << "the child's references have gone with it";
    const Owned<GstMemory> again = allocate(100000);
    EXPECT_NE(again, nullptr);
}

// GStreamer keeps such a memory for good, since somebody still has its address.
TEST_F(LifetimeTest, FreeingWhatIsMappedIsDiagnosedByName) {
    gst_object_set_name(GST_OBJECT(allocator.get()), "freed-early");
    const GstLog log("mediaheap", GST_LEVEL_ERROR);
    GstMemory* memory = allocate(100).release();
    GstMapInfo info;
    ASSERT_TRUE(gst_memory_map(memory, &info, GST_MAP_WRITE));
    EXPECT_EQ(criticalsDuring([memory] { gst_memory_unref(memory); }), 1);
    EXPECT_TRUE(log.contains("freed-early")) << log.text();
    info.data[99] = 1; // still there

    // What the application should have done, so that this test leaks nothing.
    gst_memory_ref(memory);
    gst_memory_unmap(memory, &info);
    gst_memory_unref(memory);
    EXPECT_EQ(stat(heap.get(), "blocks"), 0u);
}

TEST_F(LifetimeTest, ASanitizedHeapKnowsWhoMappedWhatWasFreedTooEarly) {
    const Owned<GstMediaHeap> sanitized(
        gst_media_heap_open("memfd,size=1M,zone=openers,sanitize=1", nullptr));
    ASSERT_NE(sanitized, nullptr);
    const Owned<GstAllocator> allocates(gst_media_heap_get_allocator(sanitized.get()));
    const GstLog log("mediaheap", GST_LEVEL_ERROR);
    GstMemory* memory = gst_allocator_alloc(allocates.get(), 100, nullptr);
    GstMapInfo info;
    ASSERT_TRUE(gst_memory_map(memory, &info, GST_MAP_READ));
    EXPECT_EQ(criticalsDuring([memory] { gst_memory_unref(memory); }), 1);
    EXPECT_TRUE(log.contains("for reading, of") && log.contains("memory_lifetime_test.cpp"))
        << log.text();
    gst_memory_ref(memory);
    gst_memory_unmap(memory, &info);
    gst_memory_unref(memory);
}

TEST_F(LifetimeTest, MemoryGoesWhereverItIsFreed) {
    Owned<GstMemory> memory = allocate(100);
    gst_memory_ref(memory.get());
    gst_memory_unref(memory.get());
    EXPECT_EQ(stat(heap.get(), "blocks"), 1u);
    memory.reset();
    EXPECT_EQ(stat(heap.get(), "blocks"), 0u);
}

TEST_F(LifetimeTest, DataOfOthersHangsOnItUntilTheEnd) {
    int gone = 0;
    Owned<GstMemory> memory = allocate(100);
    gst_mini_object_set_qdata(GST_MINI_OBJECT(memory.get()),
                              g_quark_from_static_string("an importer's cache"), &gone,
                              [](gpointer data) { ++*static_cast<int*>(data); });
    EXPECT_EQ(gone, 0);
    memory.reset();
    EXPECT_EQ(gone, 1);
}

TEST_F(LifetimeTest, ABufferKeepsItsMemoryAndTheMemoryItsHeap) {
    GstBuffer* buffer = gst_buffer_new_allocate(allocator.get(), 1000, nullptr);
    ASSERT_NE(buffer, nullptr);
    allocator.reset();
    heap.reset();
    gst_buffer_memset(buffer, 0, 3, 1000);
    guint8 last = 0;
    gst_buffer_extract(buffer, 999, &last, 1);
    EXPECT_EQ(last, 3);
    gst_buffer_unref(buffer);
}

} // namespace

} // namespace mediaheap::test
