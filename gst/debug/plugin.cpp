// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/gst.h>

#include "debug.h"
#include "gstmediaheapsimdevice.h"

#define PACKAGE "mediaheap"

static gboolean plugin_init(GstPlugin* plugin) {
    // Known before the first element is, to those who set thresholds by name.
    mediaheap::plugin::simDeviceDebug();
    return gst_element_register(plugin, "mediaheapsimdevice", GST_RANK_NONE,
                                GST_TYPE_MEDIA_HEAP_SIM_DEVICE);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, mediaheapdebug,
                  "Rehearsals of pipelines with media heaps, without the hardware", plugin_init,
                  MEDIAHEAP_VERSION, "LGPL", "mediaheap", "Unknown package origin")
