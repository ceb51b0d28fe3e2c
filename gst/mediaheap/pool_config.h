// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <gst/gst.h>
#include <gst/mediaheap/gstmediaheapbufferpoolconfig.h>
#include <gst/video/video.h>
#include <mediaheap/result.h>

namespace mediaheap::gst {

/// A configuration of the pool as it was understood: what a buffer consists of, and how many.
struct PoolConfig {
    guint size = 0; ///< bytes of data of a buffer
    guint min = 0;
    guint max = 0; ///< as many buffers as the budget of bytes has room for, too; 0: any number
    GstMediaHeapWhenFull whenFull = GST_MEDIA_HEAP_WHEN_FULL_RECLAIM;
    GstClockTime maxWait = GST_MEDIA_HEAP_DEFAULT_MAX_WAIT;
    GstAllocationParams params{};
    bool uncached = false;
    /// The frame, with its strides and offsets, where buffers carry a GstVideoMeta.
    struct Frame {
        GstVideoInfo info;
        GstVideoAlignment alignment;
    };
    std::optional<Frame> frame;
    /// Bytes of data of each memory of a buffer, together @ref size.
    std::vector<gsize> memories;

    /// Bytes of all memories of a buffer; the heap rounds each up to whole pages.
    uint64_t memorySize() const;
    /// What they take of the heap, and the largest of them alone.
    uint64_t blockSize() const;
    uint64_t largestBlock() const;

    /// Reads @p config and brings it to what the pool makes of it: @p allocator, the size of a
    /// buffer, the alignment. Frames that carry a GstVideoMeta are laid out with @p floor at least,
    /// and have a memory for each plane where @p memoryPerPlane or the configuration says so. After
    /// an error @p config is as it was.
    ///
    /// Errors: EINVAL with the reason.
    static Result<PoolConfig> adopt(GstStructure* config, GstAllocator* allocator,
                                    const GstVideoAlignment& floor, bool memoryPerPlane);
};

/// What both ask for: the larger padding and the coarser alignment of each.
GstVideoAlignment combine(const GstVideoAlignment& a, const GstVideoAlignment& b);

} // namespace mediaheap::gst
