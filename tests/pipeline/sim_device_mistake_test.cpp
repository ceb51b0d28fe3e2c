// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What mediaheapsimdevice says of mistakes with caches, and of memory that it cannot reach.
#include <algorithm>

#include <sys/mman.h>
#include <unistd.h>

#include <gst/allocators/allocators.h>

#include "simulated_heap.h"

namespace mediaheap::test {

namespace {

constexpr gsize size = 4096;

class SimDeviceMistake : public GstTest {
protected:
    void SetUp() override {
        GstTest::SetUp();
        heap.emplace();
        gst_object_set_name(GST_OBJECT(heap->allocator()), "frames");
        rig.emplace("mediaheapsimdevice", "");
        rig->start("video/x-test");
    }
    void TearDown() override {
        rig.reset();
        heap.reset();
        GstTest::TearDown();
    }

    void set(const char* property, const char* value) {
        gst_util_set_object_arg(G_OBJECT(rig->element()), property, value);
    }
    guint64 violations() {
        guint64 count = 0;
        g_object_get(rig->element(), "violations", &count, nullptr);
        return count;
    }
    /// A buffer that the CPU has written to outside any session.
    Owned<GstBuffer> forgotten(guint8 value = 0xee) {
        Owned<GstBuffer> buffer = heap->bytes(size);
        writeUnsynced(gst_buffer_peek_memory(buffer.get(), 0), value, 128);
        return buffer;
    }

    std::optional<SimulatedHeap> heap;
    std::optional<Rig> rig;
};

TEST_F(SimDeviceMistake, AForgottenSyncIsAWarningThatNamesBlockBytesAndBothParties) {
    const Owned<GstBuffer> out = rig->push(forgotten());
    EXPECT_NE(out, nullptr) << "the stream goes on";
    EXPECT_TRUE(isOneTextWith(rig->warnings(),
                              {"block 'frames'", "bytes 0 to 127", "CPU", "mediaheapsimdevice"}));
    EXPECT_GE(violations(), 1u);
}

TEST_F(SimDeviceMistake, StrictItIsAnErrorThatEndsTheStream) {
    set("strict", "true");
    GstFlowReturn result = GST_FLOW_OK;
    EXPECT_EQ(rig->push(forgotten(), &result), nullptr);
    EXPECT_EQ(result, GST_FLOW_ERROR);
    EXPECT_TRUE(isOneTextWith(rig->errors(), {"block 'frames'", "bytes 0 to 127"}));
    EXPECT_EQ(rig->warnings(), std::vector<std::string>());
    EXPECT_GE(violations(), 1u);
}

TEST_F(SimDeviceMistake, ASessionMakesItRight) {
    set("strict", "true");
    Owned<GstBuffer> buffer = heap->bytes(size);
    GstMemory* memory = gst_buffer_peek_memory(buffer.get(), 0);
    {
        const Mapped mapped(memory, GST_MAP_WRITE | GST_MAP_MEDIA_HEAP_MANUAL_SYNC);
        ASSERT_TRUE(gst_media_heap_memory_begin_access(memory, GST_MAP_WRITE, nullptr));
        std::fill_n(mapped.data(), size, guint8{0xee});
        ASSERT_TRUE(gst_media_heap_memory_end_access(memory, nullptr));
    }
    set("op", "checksum");
    const Owned<GstBuffer> out = rig->push(std::move(buffer));
    guint checksum = 0;
    g_object_get(rig->element(), "checksum", &checksum, nullptr);
    EXPECT_EQ(checksum, crc32Of(std::vector<guint8>(size, 0xee)));
    EXPECT_EQ(violations(), 0u);
}

TEST_F(SimDeviceMistake, ASessionForReadingDoesNotMakeAWriteRight) {
    Owned<GstBuffer> buffer = heap->bytes(size);
    GstMemory* memory = gst_buffer_peek_memory(buffer.get(), 0);
    ASSERT_TRUE(gst_media_heap_memory_begin_access(memory, GST_MAP_READ, nullptr));
    writeUnsynced(memory, 0xee, 64);
    ASSERT_TRUE(gst_media_heap_memory_end_access(memory, nullptr));
    const Owned<GstBuffer> out = rig->push(std::move(buffer));
    EXPECT_TRUE(isOneTextWith(rig->warnings(), {"block 'frames'", "bytes 0 to 63"}));
}

TEST_F(SimDeviceMistake, AMapThatIsStillOpenIsNamedByWhereItWasOpened) {
    Owned<GstBuffer> buffer = heap->bytes(size);
    const Owned<GstMemory> memory(gst_buffer_get_memory(buffer.get(), 0));
    std::vector<std::string> details;
    {
        const Mapped writing(memory.get(), GST_MAP_WRITE);
        ASSERT_TRUE(writing);
        const Owned<GstBuffer> out = rig->push(std::move(buffer));
        EXPECT_TRUE(isOneTextWith(rig->warnings(&details), {"open for writing"}));
    }
    EXPECT_TRUE(isOneTextWith(details, {"opened here", "gst_memory_map"}));
}

TEST_F(SimDeviceMistake, TheSameOnTheSameBlockIsToldOnceAndCountedAlways) {
    Owned<GstBuffer> buffer = forgotten();
    for (guint8 round = 0; round < 3; round++) {
        buffer = rig->push(std::move(buffer));
        writeUnsynced(gst_buffer_peek_memory(buffer.get(), 0), round, 128);
    }
    EXPECT_EQ(rig->warnings().size(), 1u);
    EXPECT_GE(violations(), 3u);
}

TEST_F(SimDeviceMistake, OnAnotherBlockItIsToldAgain) {
    const Owned<GstBuffer> first = rig->push(forgotten());
    gst_object_set_name(GST_OBJECT(heap->allocator()), "others");
    const Owned<GstBuffer> second = rig->push(forgotten());
    const std::vector<std::string> warnings = rig->warnings();
    ASSERT_EQ(warnings.size(), 2u);
    EXPECT_NE(warnings[1].find("block 'others'"), std::string::npos) << warnings[1];
}

TEST_F(SimDeviceMistake, OnManyBlocksItIsToldNoMoreThanAnybodyReads) {
    std::vector<Owned<GstBuffer>> buffers;
    for (int i = 0; i < 20; i++) {
        gst_object_set_name(GST_OBJECT(heap->allocator()), ("frame" + std::to_string(i)).c_str());
        buffers.push_back(rig->push(forgotten()));
    }
    EXPECT_EQ(rig->warnings().size(), 8u);
    EXPECT_GE(violations(), 20u);
    gst_harness_push_event(rig->harness(), gst_event_new_eos());
    EXPECT_TRUE(isOneTextWith(rig->infos(), {std::to_string(violations()) + " mistakes", " 8 "}));
}

TEST_F(SimDeviceMistake, OneThatTheDeviceHadNoPartInIsNotItsOwn) {
    const Owned<GstBuffer> elsewhere = forgotten();
    rig->push(heap->bytes(size));
    EXPECT_EQ(rig->warnings(), std::vector<std::string>());
    EXPECT_EQ(violations(), 0u);
}

TEST_F(SimDeviceMistake, OneThatShowsWhenTheDeviceWorksLateIsToldAtTheEnd) {
    set("async", "true");
    const Owned<GstBuffer> out = rig->push(forgotten());
    gst_harness_push_event(rig->harness(), gst_event_new_eos());
    EXPECT_TRUE(isOneTextWith(rig->warnings(), {"block 'frames'"}));
    EXPECT_GE(violations(), 1u);
}

TEST_F(SimDeviceMistake, CountingBeginsAnewWithTheStream) {
    Owned<GstBuffer> out = rig->push(forgotten());
    EXPECT_GE(violations(), 1u);
    gst_element_set_state(rig->element(), GST_STATE_READY);
    gst_element_set_state(rig->element(), GST_STATE_PLAYING);
    EXPECT_EQ(violations(), 0u);
}

struct Foreign {
    const char* name;
    std::function<Owned<GstMemory>()> make;
    const char* mentions;
};

void PrintTo(const Foreign& foreign, std::ostream* out) { *out << foreign.name; }

class SimDeviceForeign : public SimDeviceMistake, public testing::WithParamInterface<Foreign> {};

TEST_P(SimDeviceForeign, IsAnErrorWithCauseAndRemedy) {
    for (const char* op : {"identity", "invert"}) {
        set("op", op);
        Owned<GstBuffer> buffer(gst_buffer_new());
        gst_buffer_append_memory(buffer.get(), GetParam().make().release());
        GstFlowReturn result = GST_FLOW_OK;
        EXPECT_EQ(rig->push(std::move(buffer), &result), nullptr);
        EXPECT_EQ(result, GST_FLOW_ERROR);
        EXPECT_TRUE(isOneTextWith(rig->errors(), {GetParam().mentions, "simulated heap",
                                                  "put mediaheapupload heap=simulated before"}));
    }
}

TEST_P(SimDeviceForeign, IsAnErrorWhereTheDeviceWouldHaveToCopyIt) {
    set("op", "fill");
    const Owned<GstBuffer> shared(gst_buffer_new());
    gst_buffer_append_memory(shared.get(), GetParam().make().release());
    GstFlowReturn result = GST_FLOW_OK;
    EXPECT_EQ(rig->push(Owned<GstBuffer>(gst_buffer_ref(shared.get())), &result), nullptr);
    EXPECT_EQ(result, GST_FLOW_ERROR);
    EXPECT_TRUE(isOneTextWith(rig->errors(), {GetParam().mentions, "heap=simulated"}));
}

Owned<GstMemory> fromAnotherHeap() {
    const Owned<GstMediaHeap> other(gst_media_heap_open("memfd,size=1M,zone=foreign", nullptr));
    const Owned<GstAllocator> allocator(gst_media_heap_get_allocator(other.get()));
    return Owned<GstMemory>(gst_allocator_alloc(allocator.get(), size, nullptr));
}

Owned<GstMemory> fromADescriptor() {
    const Owned<GstAllocator> fds(gst_fd_allocator_new());
    const int fd = memfd_create("foreign", MFD_CLOEXEC);
    EXPECT_EQ(ftruncate(fd, size), 0);
    return Owned<GstMemory>(gst_fd_allocator_alloc(fds.get(), fd, size, GST_FD_MEMORY_FLAG_NONE));
}

INSTANTIATE_TEST_SUITE_P(Memory, SimDeviceForeign,
                         testing::Values(Foreign{"ofTheSystem",
                                                 [] {
                                                     return Owned<GstMemory>(gst_allocator_alloc(
                                                         nullptr, size, nullptr));
                                                 },
                                                 "SystemMemory"},
                                         Foreign{"ofAnotherHeap", fromAnotherHeap,
                                                 "memfd,size=1M,zone=foreign"},
                                         Foreign{"ofADescriptor", fromADescriptor, "fd"}),
                         [](const auto& foreign) { return std::string(foreign.param.name); });

TEST_F(SimDeviceMistake, AHeapWithoutRoomForACopyIsAnErrorThatSaysSo) {
    const SimulatedHeap small("size=8K");
    set("op", "fill");
    const Owned<GstBuffer> all = small.bytes(8192);
    GstFlowReturn result = GST_FLOW_OK;
    EXPECT_EQ(rig->push(Owned<GstBuffer>(gst_buffer_ref(all.get())), &result), nullptr);
    EXPECT_EQ(result, GST_FLOW_ERROR);
    EXPECT_TRUE(isOneTextWith(rig->errors(), {small.string(), "no room", "size="}));
}

} // namespace

} // namespace mediaheap::test
