// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>

#include <gst/gst.h>

namespace mediaheap::plugin {

/// What an element did with its buffers.
///
/// Thread safety: all members may be called from any thread.
class CopyCounters {
public:
    void passed() { buffersPassed_.fetch_add(1, std::memory_order_relaxed); }

    void copied(gsize bytes) {
        buffersCopied_.fetch_add(1, std::memory_order_relaxed);
        bytesCopied_.fetch_add(bytes, std::memory_order_relaxed);
    }

    void reset() {
        buffersPassed_ = 0;
        buffersCopied_ = 0;
        bytesCopied_ = 0;
    }

    /// The fields buffers-passed, buffers-copied and bytes-copied; the last with @p hiddenBytes
    /// added, which were copied where the element did not see it.
    GstStructure* toStructure(const gchar* name, guint64 hiddenBytes) const {
        return gst_structure_new(name, "buffers-passed", G_TYPE_UINT64, load(buffersPassed_),
                                 "buffers-copied", G_TYPE_UINT64, load(buffersCopied_),
                                 "bytes-copied", G_TYPE_UINT64, load(bytesCopied_) + hiddenBytes,
                                 nullptr);
    }

private:
    static guint64 load(const std::atomic<guint64>& counter) {
        return counter.load(std::memory_order_relaxed);
    }

    std::atomic<guint64> buffersPassed_ = 0;
    std::atomic<guint64> buffersCopied_ = 0;
    std::atomic<guint64> bytesCopied_ = 0;
};

} // namespace mediaheap::plugin
