// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>

#include <gst/base/gstbasetransform.h>

#include "copy_counters.h"
#include "copy_pool.h"
#include "downstream_wishes.h"
#include "failure_watch.h"
#include "frame_budget.h"
#include "heap_holder.h"
#include "lent_pools.h"
#include "media_format.h"
#include "pool_policy.h"

namespace mediaheap::plugin {

/// What the element mediaheapupload does: lends heap buffers upstream, passes those on untouched
/// and copies whatever else arrives.
///
/// Thread safety: setCaps(), decideAllocation(), proposeAllocation() and prepare() belong to the
/// streaming thread (serialized events and queries included); the others may be called from any.
class Uploader {
public:
    /// @p element outlives this object.
    explicit Uploader(GstBaseTransform* element);

    HeapHolder& heap() { return heap_; }
    PoolPolicy& policy() { return policy_; }

    /// The stream begins, and counting with it.
    void start();
    /// The element goes to PLAYING.
    void play() { failures_.play(); }
    /// The stream has ended. Lent buffers stay valid.
    void stop();
    /// Lets a copy that waits for memory go, and refuses further ones until called with false.
    void setFlushing(bool flushing) { copies_.setFlushing(flushing); }

    /// Whether every plane of a frame is to be a memory of its own; from the next stream on.
    void setMemoryPerPlane(bool separate) { memoryPerPlane_ = separate; }
    bool memoryPerPlane() const { return memoryPerPlane_; }

    /// False when the heap cannot hold as many such frames as there have to be; that was posted as
    /// an error, once.
    bool setCaps(const GstCaps* caps);
    /// For the direction of the sink pad and fixed @p caps, outside of queries: the one form that
    /// downstream likes best, where it takes any. Otherwise all.
    CapsPtr transformCaps(GstPadDirection direction, const GstCaps* caps, GstCaps* filter) const;

    /// Lives as long as a query is being answered on this thread: those are told all that is
    /// possible.
    class Answering {
    public:
        Answering();
        ~Answering();
        Answering(const Answering&) = delete;
        Answering& operator=(const Answering&) = delete;
    };

    /// Learns from @p answered, and takes the pools out of it: the base class would stop a pool
    /// that is lent upstream.
    void decideAllocation(GstQuery* answered);
    bool proposeAllocation(GstQuery* upstream);

    /// Sets @p out to @p in or to a new buffer with its content.
    GstFlowReturn prepare(GstBuffer* in, GstBuffer** out);

    StructurePtr stats();

private:
    bool mayBeDmaBuf() const;
    void checkDemand() const;
    CapsPtr preferredDownstream(const GstCaps* possible) const;

    PoolTerms leastTerms() const;
    PoolTerms termsToLend() const;
    ObjectPtr<GstBufferPool> newPool(GstMediaHeap* heap);
    ObjectPtr<GstBufferPool> poolToLend(GstMediaHeap* heap, GstCaps* caps, guint& size);
    bool downstreamPoolIsOurs(GstMediaHeap* heap) const;

    const char* reasonToCopy(GstBuffer* buffer, GstMediaHeap* heap) const;
    bool runsLow(GstBuffer* buffer) const;
    BufferPtr copyAside(GstBuffer* in, GstMediaHeap* heap);
    GstFlowReturn copyVideo(GstBuffer* in, GstMediaHeap* heap, BufferPtr& copy);
    GstFlowReturn copyOther(GstBuffer* in, GstMediaHeap* heap, BufferPtr& copy);
    GstFlowReturn noRoom(StringPtr why, GstMediaHeap* heap, gsize size);
    GstFlowReturn unreadable(GstBuffer* in);

    GstBaseTransform* const element_;
    HeapHolder heap_;
    PoolPolicy policy_;
    CopyCounters counters_;
    LentPools lent_;
    FailureWatch failures_;
    FrameBudget budget_;
    CopyPool copies_;

    std::atomic<bool> memoryPerPlane_{false};
    mutable std::atomic<bool> toldOfDemand_{false};
    MediaFormat format_;
    DownstreamWishes wishes_;
    bool downstreamPoolLent_ = false;
};

} // namespace mediaheap::plugin
