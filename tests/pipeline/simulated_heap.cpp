// SPDX-License-Identifier: LGPL-2.1-or-later
#include "simulated_heap.h"

#include <atomic>
#include <cstring>

namespace mediaheap::test {

SimulatedHeap::SimulatedHeap(const std::string& options) {
    static std::atomic<int> zones{0};
    string_ = "simulated," + options + ",zone=soc" + std::to_string(zones++);
    GError* error = nullptr;
    heap_.reset(gst_media_heap_open(string_.c_str(), &error));
    const Owned<GError> owned(error);
    if (!heap_) {
        ADD_FAILURE() << error->message;
        std::abort();
    }
    allocator_.reset(gst_media_heap_get_allocator(heap_.get()));
}

Owned<GstBuffer> SimulatedHeap::bytes(gsize size, guint8 first, guint memories) const {
    Owned<GstBuffer> buffer(gst_buffer_new());
    for (guint i = 0; i < memories; i++) {
        const gsize part = i + 1 < memories ? size / memories : size - (size / memories) * i;
        gst_buffer_append_memory(buffer.get(),
                                 gst_allocator_alloc(allocator_.get(), part, nullptr));
    }
    std::vector<guint8> content(size);
    for (gsize i = 0; i < size; i++)
        content[i] = static_cast<guint8>(first + i);
    EXPECT_EQ(gst_buffer_fill(buffer.get(), 0, content.data(), size), size);
    return buffer;
}

std::vector<guint8> contentOf(GstBuffer* buffer) {
    std::vector<guint8> content(gst_buffer_get_size(buffer));
    EXPECT_EQ(gst_buffer_extract(buffer, 0, content.data(), content.size()), content.size());
    return content;
}

void writeUnsynced(GstMemory* memory, guint8 value, gsize size) {
    const Mapped mapped(memory, GST_MAP_WRITE | GST_MAP_MEDIA_HEAP_MANUAL_SYNC);
    ASSERT_TRUE(mapped);
    std::memset(mapped.data(), value, size);
}

guint32 crc32Of(const std::vector<guint8>& bytes) {
    guint32 crc = 0xffffffff;
    for (const guint8 byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
    }
    return ~crc;
}

} // namespace mediaheap::test
