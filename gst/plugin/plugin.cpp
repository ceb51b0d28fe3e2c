// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/gst.h>

#include "debug.h"
#include "gstmediaheapdownload.h"
#include "gstmediaheapupload.h"

#define PACKAGE "mediaheap"

static gboolean plugin_init(GstPlugin* plugin) {
    // Known before the first element is, to those who set thresholds by name.
    mediaheap::plugin::uploadDebug();
    mediaheap::plugin::downloadDebug();
    return gst_element_register(plugin, "mediaheapupload", GST_RANK_NONE,
                                GST_TYPE_MEDIA_HEAP_UPLOAD) &&
           gst_element_register(plugin, "mediaheapdownload", GST_RANK_NONE,
                                GST_TYPE_MEDIA_HEAP_DOWNLOAD);
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, mediaheap,
                  "Frames in media heaps: memory that hardware and CPU share as DMA-BUFs",
                  plugin_init, MEDIAHEAP_VERSION, "LGPL", "mediaheap", "Unknown package origin")
