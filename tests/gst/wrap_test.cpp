// SPDX-License-Identifier: LGPL-2.1-or-later
//
// gst_media_heap_wrap_fd(): memory from elsewhere, in a heap of each kind.
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include <gst/allocators/allocators.h>

#include "sync_test.h"

namespace mediaheap::test {

namespace {

int newMemfd(gsize size) {
    const int fd = memfd_create("foreign", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    EXPECT_EQ(ftruncate(fd, static_cast<off_t>(size)), 0);
    EXPECT_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    return fd;
}

class WrapTest : public MemoryTest {
protected:
    Owned<GstMemory> wrap(int fd, gsize size = 0) {
        GError* error = nullptr;
        Owned<GstMemory> memory(gst_media_heap_wrap_fd(heap.get(), fd, size, &error));
        const Owned<GError> owned(error);
        EXPECT_EQ(memory == nullptr, error != nullptr);
        EXPECT_EQ(error, nullptr) << error->message;
        return memory;
    }
};

TEST_F(WrapTest, AMemfdIsFdMemoryOfTheHeapWhateverTheHeapIsMadeOf) {
    const Owned<GstMemory> memory = wrap(newMemfd(10000), 9000);
    EXPECT_TRUE(gst_is_media_heap_memory(memory.get()));
    EXPECT_TRUE(gst_is_fd_memory(memory.get()));
    EXPECT_FALSE(gst_is_dmabuf_memory(memory.get())) << "no driver would import it";
    const Owned<GstMediaHeap> owner(gst_media_heap_memory_get_heap(memory.get()));
    EXPECT_EQ(owner.get(), heap.get());
    gsize offset = 1;
    gsize maxsize = 0;
    EXPECT_EQ(gst_memory_get_sizes(memory.get(), &offset, &maxsize), 9000u);
    EXPECT_EQ(offset, 0u);
    EXPECT_EQ(maxsize, 10000u);
    EXPECT_EQ(stat(heap.get(), "used"), 0u) << "not of the zone";
    number(memory.get());
    EXPECT_TRUE(isNumbered(memory.get(), 0));
}

TEST_F(WrapTest, TheHeapsOwnDescriptorComesBackAsMemoryOfItsKind) {
    const Owned<GstMemory> original = allocate(5000);
    number(original.get());
    const int fd = fcntl(gst_fd_memory_get_fd(original.get()), F_DUPFD_CLOEXEC, 0);
    const Owned<GstMemory> wrapped = wrap(fd, 5000);
    EXPECT_EQ(gst_is_dmabuf_memory(wrapped.get()), gst_media_heap_is_dmabuf(heap.get()));
    EXPECT_EQ(gst_fd_memory_get_fd(wrapped.get()), fd);
    EXPECT_TRUE(isNumbered(wrapped.get(), 0));
}

TEST_F(WrapTest, PartsShareAndOutliveItAndCopiesComeFromTheHeap) {
    Owned<GstMemory> memory = wrap(newMemfd(9000));
    number(memory.get());
    const Owned<GstMemory> part(gst_memory_share(memory.get(), 256, 1000));
    const Owned<GstMemory> copy(gst_memory_copy(memory.get(), 0, -1));
    memory.reset();
    EXPECT_TRUE(isNumbered(part.get(), 0));
    EXPECT_TRUE(isNumbered(copy.get(), 0));
    EXPECT_TRUE(gst_is_media_heap_memory(part.get()));
    EXPECT_TRUE(gst_is_media_heap_memory(copy.get()));
    EXPECT_EQ(gst_is_dmabuf_memory(copy.get()), gst_media_heap_is_dmabuf(heap.get()))
        << "the copy is a block, and honest about it";
    EXPECT_GT(stat(heap.get(), "used"), 0u);
    EXPECT_EQ(gst_memory_get_sizes(copy.get(), nullptr, nullptr), 9000u);
}

TEST_F(WrapTest, AllocatingWithItsAllocatorGivesMemoryOfTheHeap) {
    const Owned<GstMemory> memory = wrap(newMemfd(9000));
    const Owned<GstMemory> other(gst_allocator_alloc(memory->allocator, 100, nullptr));
    ASSERT_NE(other, nullptr);
    EXPECT_EQ(gst_is_dmabuf_memory(other.get()), gst_media_heap_is_dmabuf(heap.get()));
    number(other.get());
}

TEST_F(WrapTest, AReadOnlyDescriptorIsReadOnlyMemory) {
    const int writable = newMemfd(1000);
    const std::string path = "/proc/self/fd/" + std::to_string(writable);
    const Owned<GstMemory> memory = wrap(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    close(writable);
    ASSERT_NE(memory, nullptr);
    EXPECT_TRUE(GST_MEMORY_IS_READONLY(memory.get()));
    EXPECT_TRUE(Mapped(memory.get(), GST_MAP_READ));
    EXPECT_FALSE(Mapped(memory.get(), GST_MAP_WRITE));

    // A buffer of it can be written to all the same: GStreamer then writes to a copy.
    const Owned<GstBuffer> buffer(gst_buffer_new());
    gst_buffer_append_memory(buffer.get(), gst_memory_ref(memory.get()));
    GstMapInfo info;
    ASSERT_TRUE(gst_buffer_map(buffer.get(), &info, GST_MAP_WRITE));
    info.data[0] = 1;
    EXPECT_TRUE(gst_is_media_heap_memory(info.memory));
    gst_buffer_unmap(buffer.get(), &info);
    const Mapped untouched(memory.get(), GST_MAP_READ);
    EXPECT_EQ(untouched.data()[0], 0);
}

TEST_F(WrapTest, ItKeepsTheHeapAndOutlivesItsOtherUsers) {
    const Owned<GstMemory> memory = wrap(newMemfd(1000));
    allocator.reset();
    heap.reset();
    number(memory.get());
    EXPECT_TRUE(isNumbered(memory.get(), 0));
}

TEST_F(WrapTest, DestroyingTheHeapTakesItFromNobody) {
    const Owned<GstMemory> memory = wrap(newMemfd(1000));
    GError* error = nullptr;
    EXPECT_TRUE(gst_media_heap_destroy(heap.get(), &error)) << error->message;
    number(memory.get());
    EXPECT_TRUE(isNumbered(memory.get(), 0));
    EXPECT_EQ(gst_media_heap_wrap_fd(heap.get(), newMemfd(10), 0, &error), nullptr);
    const Owned<GError> owned(error);
    EXPECT_TRUE(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND));
}

TEST_F(WrapTest, ARefusalNamesTheHeapAndTakesTheDescriptorAllTheSame) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    GError* error = nullptr;
    EXPECT_EQ(gst_media_heap_wrap_fd(heap.get(), ends[0], 0, &error), nullptr);
    const Owned<GError> owned(error);
    ASSERT_TRUE(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
    EXPECT_NE(strstr(error->message, gst_media_heap_get_description(heap.get())), nullptr)
        << error->message;
    EXPECT_EQ(fcntl(ends[0], F_GETFD), -1);
    close(ends[1]);
}

TEST_F(GstTest, ASimulatedHeapRefusesWhatIsFromElsewhere) {
    const Owned<GstMediaHeap> simulated(
        gst_media_heap_open("simulated,size=1M,zone=wrap", nullptr));
    GError* error = nullptr;
    EXPECT_EQ(gst_media_heap_wrap_fd(simulated.get(), newMemfd(10), 0, &error), nullptr);
    const Owned<GError> owned(error);
    EXPECT_TRUE(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
}

TEST_F(SyncTest, AWrappedDmaBufIsSyncedOncePerAccess) {
    const Owned<GstMediaHeap> plain(gst_media_heap_open("memfd,size=1M,zone=wrap", nullptr));
    const int fd = fcntl(gst_dmabuf_memory_get_fd(memory.get()), F_DUPFD_CLOEXEC, 0);
    const Owned<GstMemory> wrapped(gst_media_heap_wrap_fd(plain.get(), fd, 1000, nullptr));
    ASSERT_NE(wrapped, nullptr);
    EXPECT_TRUE(gst_is_dmabuf_memory(wrapped.get())) << "though the heap has none";
    kernel.forgetSyncCalls();
    {
        const Mapped outer(wrapped.get(), GST_MAP_READWRITE);
        const Mapped inner(wrapped.get(), GST_MAP_READ);
        ASSERT_TRUE(outer && inner);
    }
    EXPECT_EQ(calls(wrapped.get()), (Flags{startBoth, endBoth}));
    EXPECT_EQ(stat(plain.get(), "syncs"), 2u);
    EXPECT_EQ(stat(plain.get(), "syncs-saved"), 2u);
}

TEST_F(SyncTest, AWrappedDmaBufTakesSyncSessionsByHand) {
    const int fd = fcntl(gst_dmabuf_memory_get_fd(memory.get()), F_DUPFD_CLOEXEC, 0);
    const Owned<GstMemory> wrapped(gst_media_heap_wrap_fd(heap.get(), fd, 0, nullptr));
    kernel.forgetSyncCalls();
    const Mapped mapped(wrapped.get(), GST_MAP_READ | GST_MAP_MEDIA_HEAP_MANUAL_SYNC);
    EXPECT_EQ(calls(wrapped.get()), Flags{});
    EXPECT_TRUE(gst_media_heap_memory_begin_access(wrapped.get(), GST_MAP_WRITE, nullptr));
    EXPECT_TRUE(gst_media_heap_memory_end_access(wrapped.get(), nullptr));
    EXPECT_EQ(calls(wrapped.get()), (Flags{startWrite, endWrite}));
}

} // namespace

} // namespace mediaheap::test
