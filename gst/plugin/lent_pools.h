// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <mutex>
#include <vector>

#include <gst/mediaheap/mediaheap.h>

#include "gst_ptr.h"

namespace mediaheap::plugin {

/// The pools that an element has lent to its upstream, for one purpose: to know how many bytes have
/// been copied out of their memory behind the element's back, by gst_memory_copy().
///
/// Thread safety: all members may be called from any thread.
class LentPools {
public:
    void add(GstBufferPool* pool);

    /// Bytes copied out of all pools ever lent.
    guint64 bytesCopied();

    /// Forgets the pools, not their bytes. They stay valid for whoever uses them.
    void letGo();

    /// Counts anew.
    void reset();

private:
    void settleUnused();

    std::mutex mutex_;
    std::vector<ObjectPtr<GstBufferPool>> pools_;
    guint64 settled_ = 0;
};

} // namespace mediaheap::plugin
