// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What mediaheapsimdevice does to the bytes of a buffer, as the CPU reads them afterwards.
#include <algorithm>

#include "simulated_heap.h"

namespace mediaheap::test {

namespace {

constexpr gsize size = 5000;

std::vector<guint8> inverted(std::vector<guint8> bytes) {
    for (guint8& byte : bytes)
        byte = static_cast<guint8>(~byte);
    return bytes;
}

std::vector<guint8> counting(gsize bytes, guint8 first = 0) {
    std::vector<guint8> content(bytes);
    for (gsize i = 0; i < bytes; i++)
        content[i] = static_cast<guint8>(first + i);
    return content;
}

/// The parameter is the property async.
class SimDeviceOp : public GstTest, public testing::WithParamInterface<bool> {
protected:
    void SetUp() override {
        GstTest::SetUp();
        heap.emplace();
        rig.emplace("mediaheapsimdevice", "");
        g_object_set(rig->element(), "async", GetParam(), nullptr);
        rig->start("video/x-test");
    }
    void TearDown() override {
        EXPECT_EQ(rig->warnings(), std::vector<std::string>());
        EXPECT_EQ(rig->errors(), std::vector<std::string>());
        EXPECT_EQ(heap->violations(), 0u);
        rig.reset();
        heap.reset();
        GstTest::TearDown();
    }

    void setOp(const char* op) { gst_util_set_object_arg(G_OBJECT(rig->element()), "op", op); }
    guint32 checksum() {
        guint value = 0;
        g_object_get(rig->element(), "checksum", &value, nullptr);
        return value;
    }

    std::optional<SimulatedHeap> heap;
    std::optional<Rig> rig;
};

TEST_P(SimDeviceOp, IdentityChangesNothing) {
    Owned<GstBuffer> in = heap->bytes(size);
    const GstBuffer* const sent = in.get();
    const Owned<GstBuffer> out = rig->push(std::move(in));
    EXPECT_EQ(out.get(), sent);
    EXPECT_EQ(contentOf(out.get()), counting(size));
}

TEST_P(SimDeviceOp, InvertWritesTheComplement) {
    setOp("invert");
    Owned<GstBuffer> in = heap->bytes(size);
    const GstBuffer* const sent = in.get();
    const Owned<GstBuffer> out = rig->push(std::move(in));
    EXPECT_EQ(out.get(), sent) << "in place";
    EXPECT_EQ(contentOf(out.get()), inverted(counting(size)));
}

TEST_P(SimDeviceOp, FillWritesTheValue) {
    setOp("fill");
    g_object_set(rig->element(), "value", 0xa5, nullptr);
    const Owned<GstBuffer> out = rig->push(heap->bytes(size));
    EXPECT_EQ(contentOf(out.get()), std::vector<guint8>(size, 0xa5));
}

TEST_P(SimDeviceOp, ChecksumIsTheCpus) {
    setOp("checksum");
    EXPECT_EQ(crc32Of({'1', '2', '3', '4', '5', '6', '7', '8', '9'}), 0xcbf43926u)
        << "the check value that the catalogues give for ISO-HDLC";
    EXPECT_EQ(checksum(), 0u);
    for (const guint8 first : {0, 17}) {
        const Owned<GstBuffer> out = rig->push(heap->bytes(size, first));
        EXPECT_EQ(checksum(), crc32Of(counting(size, first)));
    }
}

TEST_P(SimDeviceOp, ChecksumGoesOverAllMemories) {
    setOp("checksum");
    for (const guint memories : {2u, 3u, 7u}) {
        const Owned<GstBuffer> out = rig->push(heap->bytes(size, 3, memories));
        EXPECT_EQ(gst_buffer_n_memory(out.get()), memories);
        EXPECT_EQ(checksum(), crc32Of(counting(size, 3))) << memories;
    }
}

TEST_P(SimDeviceOp, EveryMemoryIsWorkedOn) {
    setOp("invert");
    const Owned<GstBuffer> out = rig->push(heap->bytes(size, 0, 3));
    EXPECT_EQ(contentOf(out.get()), inverted(counting(size)));
}

TEST_P(SimDeviceOp, OfAPartOnlyThePartAndOnACopy) {
    const Owned<GstBuffer> whole = heap->bytes(4096);
    const auto part = [&whole] {
        Owned<GstBuffer> buffer(gst_buffer_new());
        gst_buffer_append_memory(
            buffer.get(), gst_memory_share(gst_buffer_peek_memory(whole.get(), 0), 1000, 2000));
        return buffer;
    };
    setOp("checksum");
    Owned<GstBuffer> out = rig->push(part());
    EXPECT_EQ(checksum(), crc32Of(counting(2000, static_cast<guint8>(1000))));
    setOp("invert");
    out = rig->push(part());
    EXPECT_EQ(contentOf(out.get()), inverted(counting(2000, static_cast<guint8>(1000))));
    EXPECT_EQ(contentOf(whole.get()), counting(4096)) << "a part is the whole's as well";
}

TEST_P(SimDeviceOp, WhatOthersHoldIsLeftToThem) {
    setOp("invert");
    const Owned<GstBuffer> theirs = heap->bytes(size, 5, 2);
    GST_BUFFER_PTS(theirs.get()) = 42;
    const Owned<GstBuffer> out = rig->push(Owned<GstBuffer>(gst_buffer_ref(theirs.get())));
    ASSERT_NE(out, nullptr);
    EXPECT_NE(out, theirs);
    EXPECT_EQ(contentOf(theirs.get()), counting(size, 5));
    EXPECT_EQ(contentOf(out.get()), inverted(counting(size, 5)));
    EXPECT_EQ(GST_BUFFER_PTS(out.get()), 42u);
    const Owned<GstMediaHeap> where = heapOf(out.get());
    EXPECT_EQ(where.get(), heap->get());
}

TEST_P(SimDeviceOp, WhatOthersHoldIsReadWhereItIs) {
    setOp("checksum");
    const Owned<GstBuffer> theirs = heap->bytes(size);
    const Owned<GstBuffer> out = rig->push(Owned<GstBuffer>(gst_buffer_ref(theirs.get())));
    EXPECT_EQ(out, theirs);
    EXPECT_EQ(checksum(), crc32Of(counting(size)));
}

TEST_P(SimDeviceOp, MemoryThatOthersHoldIsLeftToThem) {
    setOp("fill");
    const Owned<GstBuffer> theirs = heap->bytes(size);
    const Owned<GstBuffer> out =
        rig->push(Owned<GstBuffer>(gst_buffer_copy(theirs.get()))); // of the buffer, not its memory
    EXPECT_EQ(contentOf(theirs.get()), counting(size));
    EXPECT_EQ(contentOf(out.get()), std::vector<guint8>(size, 0));
}

TEST_P(SimDeviceOp, AnotherOperationTakesEffectWithTheNextBuffer) {
    setOp("invert");
    Owned<GstBuffer> buffer = rig->push(heap->bytes(size));
    buffer = rig->push(std::move(buffer));
    EXPECT_EQ(contentOf(buffer.get()), counting(size)) << "inverted twice";
    buffer = rig->push(std::move(buffer));
    setOp("checksum");
    buffer = rig->push(std::move(buffer));
    EXPECT_EQ(checksum(), crc32Of(inverted(counting(size))));
}

TEST_P(SimDeviceOp, WhatWasWrittenIsNoGapAnyMore) {
    for (const bool writes : {false, true}) {
        setOp(writes ? "fill" : "identity");
        Owned<GstBuffer> in = heap->bytes(size);
        GST_BUFFER_FLAG_SET(in.get(), GST_BUFFER_FLAG_GAP);
        const Owned<GstBuffer> out = rig->push(std::move(in));
        EXPECT_EQ(GST_BUFFER_FLAG_IS_SET(out.get(), GST_BUFFER_FLAG_GAP), !writes);
    }
}

TEST_P(SimDeviceOp, ABufferWithoutBytesPasses) {
    for (const char* op : {"identity", "invert", "checksum", "fill"}) {
        setOp(op);
        EXPECT_NE(rig->push(Owned<GstBuffer>(gst_buffer_new())), nullptr) << op;
    }
    EXPECT_EQ(checksum(), 0u) << "the CRC of nothing";
}

INSTANTIATE_TEST_SUITE_P(, SimDeviceOp, testing::Bool(), [](const auto& async) {
    return std::string(async.param ? "OnItsOwnThread" : "AtOnce");
});

} // namespace

} // namespace mediaheap::test
