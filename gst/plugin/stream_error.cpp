// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stream_error.h"

namespace mediaheap::plugin {

void letPipelineSettle(GstElement* element) {
    constexpr gulong pause = 100 * 1000; // microseconds
    GST_OBJECT_LOCK(element);
    const bool isStarting = GST_STATE(element) != GST_STATE_PLAYING;
    GST_OBJECT_UNLOCK(element);
    if (isStarting)
        g_usleep(pause);
}

} // namespace mediaheap::plugin
