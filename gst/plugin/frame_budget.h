// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <gst/mediaheap/gstmediaheap.h>
#include <gst/video/video.h>

#include "pool_policy.h"

namespace mediaheap::plugin {

/// Whether a heap and the terms of a pool leave room for as many frames as a stream cannot do
/// without, asked before anything is allocated. Says what is wrong once for each stream.
///
/// Thread safety: belongs to whoever starts the stream, and to the streaming thread in between.
class FrameBudget {
public:
    /// @p element, which posts the errors, outlives this object.
    explicit FrameBudget(GstElement* element) : element_(element) {}

    /// The stream begins; @p terms that contradict each other are warned of.
    void start(const PoolTerms& terms);

    /// Whether @p terms.minBuffers frames of @p info have room in @p heap. If not, that was posted
    /// as an error: upstream offers the same caps again and again.
    bool admits(GstMediaHeap* heap, const GstVideoInfo& info, const PoolTerms& terms);

private:
    GstElement* const element_;
    bool refused_ = false;
};

} // namespace mediaheap::plugin
