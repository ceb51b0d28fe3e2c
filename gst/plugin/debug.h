// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace mediaheap::plugin {

/// The debug category `mediaheapupload`.
GstDebugCategory* uploadDebug();
/// The debug category `mediaheapdownload`.
GstDebugCategory* downloadDebug();
/// GStreamer's own category `GST_PERFORMANCE`, where everything that costs a copy is told.
GstDebugCategory* performanceDebug();

} // namespace mediaheap::plugin
