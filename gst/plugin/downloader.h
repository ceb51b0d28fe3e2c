// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>

#include <gst/base/gstbasetransform.h>

#include "copy_counters.h"
#include "copy_pool.h"
#include "downstream_wishes.h"
#include "media_format.h"

namespace mediaheap::plugin {

/// When mediaheapdownload copies.
enum class CopyMode {
    Auto,   ///< out of heap memory that the CPU reads slowly
    Never,  ///< not for speed's sake
    Always, ///< every buffer
};

/// What the element mediaheapdownload does: hands buffers of a media heap to elements that want
/// plain memory.
///
/// Thread safety: as Uploader.
class Downloader {
public:
    /// @p element outlives this object.
    explicit Downloader(GstBaseTransform* element) : element_(element) {}

    void setMode(CopyMode mode) { mode_ = mode; }
    CopyMode mode() const { return mode_; }

    void start();
    void stop();
    void setFlushing(bool flushing) { copies_.setFlushing(flushing); }

    void setCaps(const GstCaps* caps) { format_ = MediaFormat::of(caps); }
    CapsPtr transformCaps(GstPadDirection direction, const GstCaps* caps, GstCaps* filter) const;
    void decideAllocation(GstQuery* answered);
    bool proposeAllocation(GstQuery* upstream);

    /// Sets @p out to @p in or to a new buffer with its content.
    GstFlowReturn prepare(GstBuffer* in, GstBuffer** out);

    StructurePtr stats() const;

private:
    const char* reasonToCopy(GstBuffer* buffer) const;
    GstFlowReturn copyVideo(GstBuffer* in, BufferPtr& copy);
    GstAllocator* usableAllocator() const;
    bool preparePool();
    GstFlowReturn failed(const char* what, GstBuffer* in);

    GstBaseTransform* const element_;
    std::atomic<CopyMode> mode_ = CopyMode::Auto;
    CopyCounters counters_;
    CopyPool copies_;
    MediaFormat format_;
    DownstreamWishes wishes_;
};

} // namespace mediaheap::plugin
