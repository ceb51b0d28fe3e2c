// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string>

#include "gst_test.h"

namespace mediaheap::test {

/// What this process has, of the system and of a heap.
struct Holdings {
    std::string descriptors; ///< by the kind of what they refer to
    size_t mappings = 0;
    size_t shared = 0; ///< of the mappings, how many are of memfds, DMA-BUFs and devices
    long memoryKiB = 0;
    guint64 blocks = 0; ///< in the heap
    guint64 used = 0;   ///< bytes of the heap
};

Holdings holdings(GstMediaHeap* heap);

/// The objects of GStreamer that come and go, as the tracer `leaks` sees them. Fails the test where
/// that is not active.
class ObjectWatch {
public:
    ObjectWatch();
    ~ObjectWatch();
    ObjectWatch(const ObjectWatch&) = delete;
    ObjectWatch& operator=(const ObjectWatch&) = delete;

    struct Tally {
        size_t come = 0;
        size_t gone = 0;
    };
    /// Since this was made, or called last.
    Tally tally();

private:
    GObject* tracer_ = nullptr;
};

} // namespace mediaheap::test
