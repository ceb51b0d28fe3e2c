// SPDX-License-Identifier: LGPL-2.1-or-later
#include "room_wait.h"

#include <string>

#include "gst_ptr.h"
#include "stream_error.h"
#include "structure_field.h"

namespace mediaheap::plugin {

namespace {

// Nothing tells of memory that others give back, so it is looked for.
constexpr gulong lookout = 10 * 1000; // microseconds

} // namespace

GstFlowReturn RoomWait::afterFailure(const char* why) {
    if (terms_.whenFull == GST_MEDIA_HEAP_WHEN_FULL_FAIL || last_)
        return GST_FLOW_ERROR;
    for (;;) {
        const StructurePtr stats(gst_media_heap_get_stats(heap_));
        if (field(stats.get(), "size") < bytes_ || waited_ >= terms_.maxWait)
            return GST_FLOW_ERROR;
        // Nobody has anything: either the others have just left, or it is not for the heap that
        // there is no room. One more attempt tells.
        last_ = field(stats.get(), "used") == 0;
        if (last_)
            return GST_FLOW_OK;
        if (copies_.isFlushing())
            return GST_FLOW_FLUSHING;
        const gint64 before = g_get_monotonic_time();
        g_usleep(lookout);
        if (isMeantToMove(element_))
            waited_ += static_cast<guint64>(g_get_monotonic_time() - before) * 1000;
        // To wait for ever is no wish to hear nothing for ever.
        if (terms_.maxWait == GST_CLOCK_TIME_NONE && waited_ >= GST_MEDIA_HEAP_DEFAULT_MAX_WAIT)
            failures_.tellOfWait((std::string("still waiting for room: ") + why).c_str());
        if (field(stats.get(), "largest-free") >= bytes_)
            return GST_FLOW_OK;
    }
}

} // namespace mediaheap::plugin
