// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Moving buffers between memories: strides respected on both sides, metadata carried along.
#pragma once

#include <gst/video/video.h>

#include "gst_ptr.h"

namespace mediaheap::plugin {

/// Whether every plane of @p buffer lies where the default layout of @p info has it, which is what
/// a reader without GstVideoMeta assumes.
bool isPacked(GstBuffer* buffer, const GstVideoInfo& info);

/// Copies the picture that @p from shows to @p to, each in the layout that its GstVideoMeta tells
/// or the default one of @p info. Of a frame with GstVideoCropMeta that is the cropped part. False
/// when one of them cannot be mapped or does not hold such a frame; @p to is then undefined.
bool copyFrame(GstBuffer* from, GstBuffer* to, const GstVideoInfo& info);

/// A buffer with a copy of the bytes of @p from in one memory of @p allocator, NULL for the default
/// one; empty when there is no memory or @p from cannot be read.
BufferPtr copyBytes(GstBuffer* from, GstAllocator* allocator, GstAllocationParams params);

/// Carries over timestamps, flags and all metadata that does not describe the memory itself.
/// @p copyIsCropped says that @p to was made by copyFrame().
void copyMetadata(GstBuffer* from, GstBuffer* to, bool copyIsCropped);

/// A copy of @p from with all metadata, in as many memories, each of @p allocator, NULL for the
/// default one; empty as with copyBytes().
BufferPtr copyAsItIs(GstBuffer* from, GstAllocator* allocator, GstAllocationParams params);

} // namespace mediaheap::plugin
