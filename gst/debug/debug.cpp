// SPDX-License-Identifier: LGPL-2.1-or-later
#include "debug.h"

namespace mediaheap::plugin {

GstDebugCategory* simDeviceDebug() {
    static GstDebugCategory* const category =
        _gst_debug_category_new("mediaheapsimdevice", 0, "plays hardware on simulated heaps");
    return category;
}

} // namespace mediaheap::plugin
