// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace mediaheap::plugin {

/// The debug category `mediaheapsimdevice`.
GstDebugCategory* simDeviceDebug();

} // namespace mediaheap::plugin
