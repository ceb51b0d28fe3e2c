// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include <gst/gst.h>

namespace demo {

/// Encodes @p frame, which is read where it lies, as PNG into @p path. Empty on success, else what
/// failed.
std::string writePicture(GstBuffer* frame, GstCaps* caps, const std::string& path);

} // namespace demo
