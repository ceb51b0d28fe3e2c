// SPDX-License-Identifier: LGPL-2.1-or-later
#include "debug.h"

namespace mediaheap::plugin {

GstDebugCategory* uploadDebug() {
    static GstDebugCategory* const category =
        _gst_debug_category_new("mediaheapupload", 0, "lends heap buffers upstream");
    return category;
}

GstDebugCategory* downloadDebug() {
    static GstDebugCategory* const category =
        _gst_debug_category_new("mediaheapdownload", 0, "hands heap buffers on as plain memory");
    return category;
}

GstDebugCategory* performanceDebug() {
    static GstDebugCategory* const category = _gst_debug_get_category("GST_PERFORMANCE");
    return category;
}

} // namespace mediaheap::plugin
