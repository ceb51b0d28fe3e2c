// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <mutex>

#include "downstream_wishes.h"
#include "pool_policy.h"

namespace mediaheap::plugin {

/// The pool that an element copies frames into. It is set up when the first frame needs it, since
/// most streams never do.
///
/// Thread safety: prepare() and acquire() belong to the streaming thread, the others to any.
class CopyPool {
public:
    CopyPool() = default;
    ~CopyPool() { drop(); }
    CopyPool(const CopyPool&) = delete;
    CopyPool& operator=(const CopyPool&) = delete;

    bool isReady() const;
    /// The pool, or NULL before prepare().
    ObjectPtr<GstBufferPool> pool() const;

    /// Configures @p pool for frames of @p caps and @p size, laid out as @p wishes say, on @p
    /// terms, and starts it. False when the pool does not want to.
    bool prepare(ObjectPtr<GstBufferPool> pool, GstCaps* caps, guint size, const PoolTerms& terms,
                 const DownstreamWishes& wishes, GstAllocator* allocator);

    /// GST_FLOW_FLUSHING after setFlushing(); otherwise what the pool answers.
    GstFlowReturn acquire(BufferPtr& buffer);

    /// Wakes up an acquire() that waits, and refuses further ones.
    void setFlushing(bool flushing);
    bool isFlushing() const;

    /// Frames still out stay valid.
    void drop();

private:
    mutable std::mutex mutex_;
    ObjectPtr<GstBufferPool> pool_;
    bool flushing_ = false;
};

/// Puts the layout that @p wishes ask for into @p config, as far as @p pool can do it. It comes to
/// bear once GST_BUFFER_POOL_OPTION_VIDEO_META is there too.
void setAlignment(GstBufferPool* pool, GstStructure* config, const DownstreamWishes& wishes);

/// Gives @p config, which it takes, to @p pool; when the pool changes it in a way that still holds
/// frames of @p caps and @p size, accepts the change.
bool setConfig(GstBufferPool* pool, GstStructure* config, GstCaps* caps, guint size);

/// The buffer size of frames of @p info in the layout that @p wishes ask for.
guint alignedSize(const GstVideoInfo& info, const DownstreamWishes& wishes);

} // namespace mediaheap::plugin
