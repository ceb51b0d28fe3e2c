// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <vector>

#include <gst/gst.h>
#include <gst/video/video.h>
#include <mediaheap/result.h>

namespace mediaheap::gst {

/// The geometry of a frame where @p caps are raw video of a known layout in memory; nothing for
/// caps of anything else, whose buffers are bytes without a form.
///
/// Errors: EINVAL raw video whose geometry cannot be known.
Result<std::optional<GstVideoInfo>> videoInfoOf(const GstCaps* caps);

/// How many bytes each plane of a frame of @p info has, with the padding around it that
/// @p alignment asks for: what lies between the beginnings of two planes, where all are in one
/// memory. @p alignment is as gst_video_info_align() left it.
std::vector<gsize> planeSizes(const GstVideoInfo& info, const GstVideoAlignment& alignment);

/// Whether gst_video_info_align() may be given @p alignment: it neither checks its sums for
/// overflow nor its masks for being masks, and may then not come to an end.
bool isReasonable(const GstVideoAlignment& alignment);

} // namespace mediaheap::gst
