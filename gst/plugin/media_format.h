// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include "gst_ptr.h"

namespace mediaheap::plugin {

/// What the buffers of a stream are made of, as far as moving them between memories goes.
struct MediaFormat {
    enum class Kind {
        Bytes,    ///< buffers of any size that are copied as they are
        RawVideo, ///< frames whose planes may lie anywhere in the buffer; see @ref info
        Opaque,   ///< memory that only its own kind can read, such as GLMemory or a tiled DMA-BUF
    };

    Kind kind = Kind::Bytes;
    /// Whether the caps demand DMA-BUFs (the feature memory:DMABuf).
    bool needsDmaBuf = false;
    /// The packed default layout; valid for Kind::RawVideo.
    GstVideoInfo info = {};
    /// The same frames in system memory's caps, which every buffer pool can parse; valid for
    /// Kind::RawVideo.
    CapsPtr plainCaps;

    bool isRawVideo() const { return kind == Kind::RawVideo; }

    /// The format that fixed @p caps, or NULL for a stream without caps, describe.
    static MediaFormat of(const GstCaps* caps);
};

} // namespace mediaheap::plugin
