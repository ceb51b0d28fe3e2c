// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <vector>

#include <gst/video/video.h>

#include "gst_ptr.h"

namespace mediaheap::plugin {

/// What the elements downstream ask of buffers: their answer to an ALLOCATION query, kept so that
/// queries from upstream can be answered with it any number of times.
class DownstreamWishes {
public:
    /// Nothing is asked for.
    DownstreamWishes();
    /// @p answered is a query that came back from downstream.
    explicit DownstreamWishes(GstQuery* answered);

    /// Frames may lie in any layout that their GstVideoMeta describes.
    bool takesVideoMeta() const { return takesVideoMeta_; }
    /// Padding and stride alignment of frames; only where takesVideoMeta().
    const std::optional<GstVideoAlignment>& alignment() const { return alignment_; }
    /// Buffers that are kept downstream at a time.
    guint minBuffers() const { return minBuffers_; }
    /// The largest buffer size asked for, in bytes; 0 when none.
    guint size() const { return size_; }
    /// Alignment, prefix and padding that suit everyone, alignment() included.
    const GstAllocationParams& params() const { return params_; }
    /// The first allocator offered, or NULL.
    GstAllocator* allocator() const { return allocator_.get(); }
    /// The first pool offered, or NULL.
    GstBufferPool* pool() const { return pool_.get(); }
    /// The most buffers that pool() gives; 0 for no limit.
    guint poolMaxBuffers() const { return poolMaxBuffers_; }

    /// Announces upstream the metadata that downstream understands.
    void offerMetas(GstQuery* upstream) const;
    /// Puts @p allocator in front of what @p upstream offers, with parameters that suit everyone.
    void offerAllocator(GstQuery* upstream, GstAllocator* allocator) const;

private:
    struct Meta {
        GType api;
        StructurePtr params;
    };

    void readMetas(GstQuery* answered);
    void readPools(GstQuery* answered);
    void readParams(GstQuery* answered);

    bool takesVideoMeta_ = false;
    std::optional<GstVideoAlignment> alignment_;
    guint minBuffers_ = 0;
    guint size_ = 0;
    GstAllocationParams params_;
    ObjectPtr<GstAllocator> allocator_;
    ObjectPtr<GstBufferPool> pool_;
    guint poolMaxBuffers_ = 0;
    std::vector<Meta> metas_;
};

/// Puts a pool of at most @p maxBuffers (0: any number) in front of what @p upstream offers.
/// Elements between may have asked for more buffers than @p minBuffers already; the larger number
/// holds, and is no more than the maximum.
void offerPool(GstQuery* upstream, GstBufferPool* pool, guint size, guint minBuffers,
               guint maxBuffers);

} // namespace mediaheap::plugin
