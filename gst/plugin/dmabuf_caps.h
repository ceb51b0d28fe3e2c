// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The feature memory:DMABuf in caps. GStreamer's design document "DMA buffers" recommends that
// linear, mappable DMA-BUFs also travel without it, therefore both ways are offered, the plain one
// first.
#pragma once

#include "gst_ptr.h"

namespace mediaheap::plugin {

/// Where the memory of buffers with these caps features lies.
enum class MemoryFeature {
    System, ///< plain caps: anything that the CPU can map
    DmaBuf, ///< memory:DMABuf
    Other,  ///< another memory feature, or ANY
};

MemoryFeature memoryFeature(const GstCapsFeatures* features);

/// @p caps, followed by their raw video in DMA-BUFs where that is not among them already: in the
/// form `format=NV12`, and since GStreamer 1.24 before it as `format=DMA_DRM, drm-format=NV12`.
CapsPtr withDmaBuf(const GstCaps* caps);
/// The same on a GStreamer that speaks of DRM formats, or on one that does not.
CapsPtr withDmaBuf(const GstCaps* caps, bool withDrm);

/// Raw video of @p caps that is in DMA-BUFs of linear layout, as plain caps. Empty where there is
/// none.
CapsPtr plainOfDmaBuf(const GstCaps* caps);

/// What of @p caps does not demand DMA-BUFs.
CapsPtr withoutDmaBuf(const GstCaps* caps);

} // namespace mediaheap::plugin
