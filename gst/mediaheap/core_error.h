// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <mediaheap/result.h>

namespace mediaheap::gst {

/// The code of GST_RESOURCE_ERROR that says to GStreamer what @p errnoValue says to Linux.
GstResourceError resourceErrorOf(int errnoValue);

/// Sets @p error (may be null) to the core's @p failure: cause, remedy and heap string.
void setError(GError** error, const Error& failure);

} // namespace mediaheap::gst
