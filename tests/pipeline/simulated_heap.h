// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "element_test.h"

namespace mediaheap::test {

/// A heap of source `simulated` of its own, whatever the tests run on.
class SimulatedHeap {
public:
    explicit SimulatedHeap(const std::string& options = "size=8M");

    const std::string& string() const { return string_; }
    GstMediaHeap* get() const { return heap_.get(); }
    GstAllocator* allocator() const { return allocator_.get(); }

    /// A buffer of @p size bytes that count up from @p first, split over @p memories.
    Owned<GstBuffer> bytes(gsize size, guint8 first = 0, guint memories = 1) const;
    guint64 violations() const { return stat(heap_.get(), "violations"); }

private:
    std::string string_;
    Owned<GstMediaHeap> heap_;
    Owned<GstAllocator> allocator_;
};

/// The bytes of @p buffer as the CPU reads them, through maps.
std::vector<guint8> contentOf(GstBuffer* buffer);

/// Writes @p value to @p size bytes at the beginning of @p memory over a map that does no sync.
void writeUnsynced(GstMemory* memory, guint8 value, gsize size);

/// CRC-32 (ISO-HDLC), bit by bit.
guint32 crc32Of(const std::vector<guint8>& bytes);

} // namespace mediaheap::test
