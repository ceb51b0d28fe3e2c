// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sessions that are opened by hand, over maps that only give the address.
#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "pool_test.h"
#include "sync_test.h"

namespace mediaheap::test {

namespace {

constexpr int manual = GST_MAP_MEDIA_HEAP_MANUAL_SYNC;

bool begin(GstMemory* memory, int access, GError** error = nullptr) {
    return gst_media_heap_memory_begin_access(memory, static_cast<GstMapFlags>(access), error);
}
bool begin(const Owned<GstMemory>& memory, int access) { return begin(memory.get(), access); }
bool end(GstMemory* memory) { return gst_media_heap_memory_end_access(memory, nullptr); }
bool end(const Owned<GstMemory>& memory) { return end(memory.get()); }

/// Whether @p call fails with @p code and a message that has each of @p parts.
testing::AssertionResult isRefused(const std::function<bool(GError**)>& call, GstResourceError code,
                                   const std::vector<std::string>& parts) {
    GError* error = nullptr;
    if (call(&error))
        return testing::AssertionFailure() << "it succeeded";
    const Owned<GError> owned(error);
    if (!error || !g_error_matches(error, GST_RESOURCE_ERROR, code))
        return testing::AssertionFailure() << (error ? error->message : "no error");
    for (const std::string& part : parts) {
        if (std::string(error->message).find(part) == std::string::npos)
            return testing::AssertionFailure() << error->message << " lacks " << part;
    }
    return testing::AssertionSuccess();
}

class ManualSync : public SyncTest {
protected:
    testing::AssertionResult beginIsRefused(GstMemory* of, int access, GstResourceError code,
                                            const std::vector<std::string>& parts) {
        return isRefused([&](GError** error) { return begin(of, access, error); }, code, parts);
    }
    testing::AssertionResult endIsRefused(GstMemory* of, GstResourceError code,
                                          const std::vector<std::string>& parts) {
        return isRefused(
            [&](GError** error) { return gst_media_heap_memory_end_access(of, error) != FALSE; },
            code, parts);
    }
};

TEST_F(ManualSync, AMapGivesTheAddressAndDoesNoSync) {
    guint8* const address = Mapped(memory.get(), GST_MAP_READ).data();
    kernel.forgetSyncCalls();
    for (const int access : {GST_MAP_READ, GST_MAP_WRITE, GST_MAP_READWRITE}) {
        const Mapped mapped(memory.get(), access | manual);
        ASSERT_TRUE(mapped);
        EXPECT_EQ(mapped.data(), address);
    }
    EXPECT_EQ(calls(), Flags{});
}

TEST_F(ManualSync, OneOfABufferToo) {
    const Owned<GstBuffer> buffer(gst_buffer_new());
    gst_buffer_append_memory(buffer.get(), memory.release());
    GstMapInfo info;
    ASSERT_TRUE(
        gst_buffer_map(buffer.get(), &info, static_cast<GstMapFlags>(GST_MAP_READ | manual)));
    gst_buffer_unmap(buffer.get(), &info);
    EXPECT_EQ(calls(gst_buffer_peek_memory(buffer.get(), 0)), Flags{});
}

TEST_F(ManualSync, ASessionIsOneStartAndOneEndOfItsDirection) {
    for (const auto& [access, expected] :
         std::vector<std::pair<int, Flags>>{{GST_MAP_READ, {startRead, endRead}},
                                            {GST_MAP_WRITE, {startWrite, endWrite}},
                                            {GST_MAP_READWRITE, {startBoth, endBoth}},
                                            {GST_MAP_READ | manual, {startRead, endRead}}}) {
        kernel.forgetSyncCalls();
        ASSERT_TRUE(begin(memory, access));
        EXPECT_EQ(calls(), Flags{expected[0]});
        ASSERT_TRUE(end(memory));
        EXPECT_EQ(calls(), expected);
    }
}

TEST_F(ManualSync, NestedSessionsCostNothingMore) {
    ASSERT_TRUE(begin(memory, GST_MAP_READWRITE));
    ASSERT_TRUE(begin(memory, GST_MAP_READ));
    ASSERT_TRUE(begin(memory, GST_MAP_WRITE));
    EXPECT_TRUE(end(memory) && end(memory));
    EXPECT_EQ(calls(), Flags{startBoth});
    EXPECT_TRUE(end(memory));
    EXPECT_EQ(calls(), (Flags{startBoth, endBoth}));
    EXPECT_EQ(stat(heap.get(), "syncs-saved"), 4u);
}

TEST_F(ManualSync, AWriteThatJoinsAReadIsAnUpgrade) {
    ASSERT_TRUE(begin(memory, GST_MAP_READ));
    ASSERT_TRUE(begin(memory, GST_MAP_WRITE));
    EXPECT_EQ(calls(), (Flags{startRead, startBoth}));
    EXPECT_TRUE(end(memory) && end(memory));
    EXPECT_EQ(calls(), (Flags{startRead, startBoth, endBoth}));
}

TEST_F(ManualSync, AReadThatJoinsAWriteWritesBackFirst) {
    ASSERT_TRUE(begin(memory, GST_MAP_WRITE));
    ASSERT_TRUE(begin(memory, GST_MAP_READ));
    EXPECT_EQ(calls(), (Flags{startWrite, endWrite, startBoth}));
    EXPECT_TRUE(end(memory) && end(memory));
}

TEST_F(ManualSync, SessionsAndMapsShareOneSync) {
    ASSERT_TRUE(begin(memory, GST_MAP_READ));
    {
        const Mapped mapped(memory.get(), GST_MAP_READ);
        ASSERT_TRUE(mapped);
        ASSERT_TRUE(end(memory));
        EXPECT_EQ(calls(), Flags{startRead}) << "the map is still open";
    }
    EXPECT_EQ(calls(), (Flags{startRead, endRead}));
}

TEST_F(ManualSync, SessionsOfPartsCountAsTheWhole) {
    const Owned<GstMemory> first(gst_memory_share(memory.get(), 0, 500));
    const Owned<GstMemory> second(gst_memory_share(memory.get(), 500, 500));
    ASSERT_TRUE(begin(first, GST_MAP_READ));
    ASSERT_TRUE(begin(second, GST_MAP_READ));
    EXPECT_TRUE(end(first));
    EXPECT_EQ(calls(), Flags{startRead});
    EXPECT_TRUE(end(second));
    EXPECT_EQ(calls(), (Flags{startRead, endRead}));
}

TEST_F(ManualSync, OneThreadBeginsAndAnotherEnds) {
    std::thread([this] { EXPECT_TRUE(begin(memory, GST_MAP_WRITE)); }).join();
    std::thread([this] { EXPECT_TRUE(end(memory)); }).join();
    EXPECT_EQ(calls(), (Flags{startWrite, endWrite}));
}

TEST_F(ManualSync, SessionsOfManyThreadsAreBalanced) {
    std::atomic<int> opened{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; thread++) {
        threads.emplace_back([&, thread] {
            const int accesses[] = {GST_MAP_READ, GST_MAP_WRITE, GST_MAP_READWRITE};
            for (int round = 0; round < 200; round++) {
                ASSERT_TRUE(begin(memory, accesses[(thread + round) % 3]));
                opened++;
                ASSERT_TRUE(end(memory));
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(opened, 800);
    EXPECT_TRUE(endIsRefused(memory.get(), GST_RESOURCE_ERROR_SETTINGS, {"no session is open"}));
    ASSERT_FALSE(calls().empty());
    EXPECT_EQ(calls().back() & DMA_BUF_SYNC_END, uint64_t{DMA_BUF_SYNC_END})
        << "the last is an END";
}

TEST_F(ManualSync, AnEndTooManyIsRefusedAndClosesNoMap) {
    const Mapped mapped(memory.get(), GST_MAP_READ);
    EXPECT_TRUE(endIsRefused(memory.get(), GST_RESOURCE_ERROR_SETTINGS,
                             {"no session is open", "gst_media_heap_memory_begin_access()"}));
    EXPECT_EQ(calls(), Flags{startRead}) << "the map's access is still open";
}

TEST_F(ManualSync, ASessionWithoutDirectionIsRefused) {
    for (const int access : {0, manual})
        EXPECT_TRUE(beginIsRefused(memory.get(), access, GST_RESOURCE_ERROR_SETTINGS,
                                   {"neither for reading nor for writing", "GST_MAP_READ"}));
    EXPECT_EQ(calls(), Flags{});
}

TEST_F(ManualSync, AWriteToWhatIsReadOnlyIsRefused) {
    gst_object_set_name(GST_OBJECT(allocator.get()), "rom");
    GstAllocationParams params{};
    params.flags = GST_MEMORY_FLAG_READONLY;
    const Owned<GstMemory> readonly(gst_allocator_alloc(allocator.get(), 1000, &params));
    const Owned<GstMemory> part(gst_memory_share(readonly.get(), 10, 10));
    for (GstMemory* of : {readonly.get(), part.get()}) {
        for (const int access : {GST_MAP_WRITE, GST_MAP_READWRITE})
            EXPECT_TRUE(beginIsRefused(of, access, GST_RESOURCE_ERROR_OPEN_READ_WRITE,
                                       {"rom", "read-only", "gst_memory_copy()"}));
        EXPECT_TRUE(begin(of, GST_MAP_READ) && end(of));
    }
}

// GStreamer's rule: who shares a part of a memory may read it.
TEST_F(ManualSync, AWriteToAPartIsRefused) {
    const Owned<GstMemory> part(gst_memory_share(memory.get(), 10, 10));
    EXPECT_FALSE(Mapped(part.get(), GST_MAP_WRITE));
    EXPECT_TRUE(beginIsRefused(part.get(), GST_MAP_WRITE, GST_RESOURCE_ERROR_OPEN_READ_WRITE,
                               {"read-only"}));
    EXPECT_TRUE(begin(memory, GST_MAP_WRITE) && end(memory)) << "the whole is its owner's";
}

TEST_F(ManualSync, AnErrorOfStartOpensNothing) {
    gst_object_set_name(GST_OBJECT(allocator.get()), "broken");
    const Owned<GstMemory> broken(gst_allocator_alloc(allocator.get(), 1000, nullptr));
    kernel.failSync(DMA_BUF_SYNC_START, EIO);
    EXPECT_TRUE(beginIsRefused(broken.get(), GST_MAP_READ, GST_RESOURCE_ERROR_FAILED,
                               {"dma-heap:system", "broken", "EIO"}));
    EXPECT_TRUE(endIsRefused(broken.get(), GST_RESOURCE_ERROR_SETTINGS, {"no session"}));
    EXPECT_TRUE(begin(broken, GST_MAP_READ) && end(broken));
}

TEST_F(ManualSync, AnErrorOfEndIsToldAndTheSessionIsClosed) {
    ASSERT_TRUE(begin(memory, GST_MAP_WRITE));
    kernel.failSync(DMA_BUF_SYNC_END, EIO);
    EXPECT_TRUE(endIsRefused(memory.get(), GST_RESOURCE_ERROR_FAILED, {"EIO"}));
    EXPECT_TRUE(endIsRefused(memory.get(), GST_RESOURCE_ERROR_SETTINGS, {"no session"}));
}

// Upstream's allocators mask the flags that they do not know.
TEST_F(ManualSync, OnForeignMemoryTheFlagIsIgnoredAndSessionsAreRefused) {
    const auto memfd = [] {
        const int fd = memfd_create("foreign", MFD_CLOEXEC);
        EXPECT_EQ(ftruncate(fd, 4096), 0);
        return fd;
    };
    const Owned<GstAllocator> fds(gst_fd_allocator_new());
    const Owned<GstAllocator> dmabufs(gst_dmabuf_allocator_new());
    const std::array<Owned<GstMemory>, 3> foreign = {
        Owned<GstMemory>(gst_allocator_alloc(nullptr, 4096, nullptr)),
        Owned<GstMemory>(gst_fd_allocator_alloc(fds.get(), memfd(), 4096, GST_FD_MEMORY_FLAG_NONE)),
        Owned<GstMemory>(gst_dmabuf_allocator_alloc(dmabufs.get(), memfd(), 4096))};
    for (const auto& of : foreign) {
        {
            const Mapped writing(of.get(), GST_MAP_WRITE | manual);
            ASSERT_TRUE(writing);
            writing.data()[4095] = 42;
        }
        const Mapped reading(of.get(), GST_MAP_READ | manual);
        ASSERT_TRUE(reading);
        EXPECT_EQ(reading.data()[4095], 42);
        const std::string type = of->allocator->mem_type;
        EXPECT_TRUE(beginIsRefused(of.get(), GST_MAP_READ, GST_RESOURCE_ERROR_SETTINGS,
                                   {type, "not of a media heap", "map it"}));
        EXPECT_TRUE(endIsRefused(of.get(), GST_RESOURCE_ERROR_SETTINGS, {type}));
    }
}

TEST_F(ManualSync, WhatIsFreedInASessionIsDiagnosedAndEnded) {
    gst_object_set_name(GST_OBJECT(allocator.get()), "left-open");
    Owned<GstMemory> left(gst_allocator_alloc(allocator.get(), 1000, nullptr));
    ASSERT_TRUE(begin(left, GST_MAP_WRITE));
    kernel.forgetSyncCalls();
    const GstLog log("mediaheap", GST_LEVEL_WARNING);
    left.reset();
    EXPECT_TRUE(log.contains("left-open")) << log.text();
    EXPECT_EQ(kernel.syncCalls().size(), 1u) << "its END";
}

TEST_F(ManualSync, APoolDoesNotHandOutWhatIsInASession) {
    const Owned<GstBufferPool> pool(gst_media_heap_buffer_pool_new(heap.get()));
    gst_object_set_name(GST_OBJECT(pool.get()), "lender");
    ASSERT_TRUE(configure(pool, {"test/data", 1000, 0, 1}));
    ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    Owned<GstBuffer> buffer = acquire(pool);
    ASSERT_TRUE(begin(gst_buffer_peek_memory(buffer.get(), 0), GST_MAP_WRITE));

    const GstLog log("mediaheap", GST_LEVEL_WARNING);
    buffer.reset();
    EXPECT_TRUE(log.contains("'lender-0' came back to its pool with 1")) << log.text();
    kernel.forgetSyncCalls();
    buffer = acquireNow(pool);
    ASSERT_NE(buffer, nullptr) << "its place is free";
    GstMemory* const fresh = gst_buffer_peek_memory(buffer.get(), 0);
    EXPECT_TRUE(endIsRefused(fresh, GST_RESOURCE_ERROR_SETTINGS, {"lender-1", "no session"}));
}

TEST_F(ManualSync, APoolWaitsForASessionOfWhoeverKeptTheMemory) {
    const Owned<GstBufferPool> pool(gst_media_heap_buffer_pool_new(heap.get()));
    ASSERT_TRUE(configure(pool, {"test/data", 1000, 0, 1}));
    ASSERT_TRUE(gst_buffer_pool_set_active(pool.get(), TRUE));
    Owned<GstBuffer> buffer = acquire(pool);
    Owned<GstMemory> kept(gst_buffer_get_memory(buffer.get(), 0));
    ASSERT_TRUE(begin(kept, GST_MAP_WRITE));
    buffer.reset();
    GstFlowReturn result = GST_FLOW_OK;
    EXPECT_EQ(acquireNow(pool, &result), nullptr);
    EXPECT_EQ(result, GST_FLOW_EOS) << "one frame is all that may live, and it does";

    ASSERT_TRUE(end(kept));
    GstMemory* const before = kept.get();
    kept.reset();
    buffer = acquireNow(pool);
    ASSERT_NE(buffer, nullptr);
    EXPECT_EQ(gst_buffer_peek_memory(buffer.get(), 0), before);
}

/// On whatever heap the tests run on.
class ManualSyncOnHeap : public MemoryTest {};

TEST_F(ManualSyncOnHeap, WhatIsWrittenInASessionIsReadInAnother) {
    const Owned<GstMemory> memory = allocate(1000);
    const Mapped mapped(memory.get(), GST_MAP_READWRITE | manual);
    ASSERT_TRUE(mapped);
    ASSERT_TRUE(begin(memory, GST_MAP_WRITE));
    for (gsize i = 0; i < mapped.size(); i++)
        mapped.data()[i] = static_cast<guint8>(i);
    ASSERT_TRUE(end(memory));
    ASSERT_TRUE(begin(memory, GST_MAP_READ));
    EXPECT_EQ(mapped.data()[200], 200);
    ASSERT_TRUE(end(memory));
    EXPECT_TRUE(isNumbered(memory.get(), 0));
}

TEST_F(ManualSyncOnHeap, AnEmptyPartHasSessionsAndMaps) {
    const Owned<GstMemory> memory = allocate(1000);
    const auto all = static_cast<gssize>(memory->maxsize);
    gst_memory_resize(memory.get(), 0, memory->maxsize);
    for (const gssize at : {gssize{0}, gssize{10}, all}) {
        const Owned<GstMemory> part(gst_memory_share(memory.get(), at, 0));
        ASSERT_NE(part, nullptr) << at;
        EXPECT_TRUE(Mapped(part.get(), GST_MAP_READ)) << at;
        EXPECT_TRUE(begin(part, GST_MAP_READ) && end(part)) << at;
    }
}

} // namespace

} // namespace mediaheap::test
