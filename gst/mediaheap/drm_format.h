// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Caps of the form `video/x-raw(memory:DMABuf), format=DMA_DRM, drm-format=NV12`, in which
// GStreamer speaks of DMA-BUFs since 1.24. Its buffer pool cannot read them before 1.27.2, and a
// build against an older GStreamer may run on a newer one, so they are read here.
#pragma once

#include <gst/gst.h>

namespace mediaheap::gst {

/// The name of the GstVideoFormat whose frames are those of @p drmFormat, a fourcc of
/// drm_fourcc.h (`XR24`), in linear layout; null for a fourcc that GStreamer has no format for, and
/// for anything with a modifier (`NV12:0x0100000000000002`), whose layout is not linear.
const char* formatOfDrm(const char* drmFormat);

/// The fourcc of the GstVideoFormat named @p format; null where DRM has none.
const char* drmOfFormat(const char* format);

/// Whether @p structure speaks of DRM formats.
bool isDmaDrm(const GstStructure* structure);

/// Whether the GStreamer that runs speaks of them, since 1.24.
bool knowsDmaDrm();

} // namespace mediaheap::gst
