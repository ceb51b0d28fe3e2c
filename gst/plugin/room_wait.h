// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <gst/mediaheap/gstmediaheap.h>

#include "copy_pool.h"
#include "failure_watch.h"
#include "pool_policy.h"

namespace mediaheap::plugin {

/// How long a copy waits for room that others have in the heap, where no pool waits for it: as a
/// pool does with fewer buffers than its minimum. In a paused pipeline, where nobody gives anything
/// back, no time passes.
class RoomWait {
public:
    /// For @p bytes with all that comes with them; everything outlives this object.
    RoomWait(GstElement* element, GstMediaHeap* heap, const CopyPool& copies,
             FailureWatch& failures, const PoolTerms& terms, guint64 bytes)
        : element_(element), heap_(heap), copies_(copies), failures_(failures), terms_(terms),
          bytes_(bytes) {}

    /// After a failure, for which the heap gave @p why. GST_FLOW_OK: another attempt may succeed;
    /// GST_FLOW_ERROR: there will be no room, or not in time; GST_FLOW_FLUSHING.
    GstFlowReturn afterFailure(const char* why);

private:
    GstElement* const element_;
    GstMediaHeap* const heap_;
    const CopyPool& copies_;
    FailureWatch& failures_;
    const PoolTerms terms_;
    const guint64 bytes_;
    guint64 waited_ = 0; ///< nanoseconds
    bool last_ = false;  ///< the next failure is final
};

} // namespace mediaheap::plugin
