// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stream_error.h"

#include <utility>

#include "gst_ptr.h"

namespace mediaheap::plugin {

void letPipelineSettle(GstElement* element) {
    constexpr gulong pause = 100 * 1000; // microseconds
    GST_OBJECT_LOCK(element);
    const bool isStarting = GST_STATE(element) != GST_STATE_PLAYING;
    GST_OBJECT_UNLOCK(element);
    if (isStarting)
        g_usleep(pause);
}

bool isMeantToMove(GstElement* element) {
    ObjectPtr<GstObject> top = newRef(GST_OBJECT_CAST(element));
    while (ObjectPtr<GstObject> parent{gst_object_get_parent(top.get())})
        top = std::move(parent);
    GST_OBJECT_LOCK(top.get());
    const GstElement* pipeline = GST_ELEMENT_CAST(top.get());
    const bool moves = GST_STATE(pipeline) == GST_STATE_PLAYING ||
                       GST_STATE_PENDING(pipeline) != GST_STATE_VOID_PENDING;
    GST_OBJECT_UNLOCK(top.get());
    return moves;
}

} // namespace mediaheap::plugin
