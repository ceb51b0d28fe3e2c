// SPDX-License-Identifier: LGPL-2.1-or-later
#include "media_format.h"

#include "dmabuf_caps.h"

namespace mediaheap::plugin {

MediaFormat MediaFormat::of(const GstCaps* caps) {
    MediaFormat format;
    if (!caps || !gst_caps_is_fixed(caps))
        return format;

    const MemoryFeature where = memoryFeature(gst_caps_get_features(caps, 0));
    format.needsDmaBuf = where == MemoryFeature::DmaBuf;
    if (where == MemoryFeature::Other) {
        format.kind = Kind::Opaque;
        return format;
    }

    CapsPtr plain = format.needsDmaBuf ? plainOfDmaBuf(caps) : CapsPtr(gst_caps_copy(caps));
    const bool isVideo =
        !gst_caps_is_empty(plain.get()) &&
        gst_structure_has_name(gst_caps_get_structure(plain.get(), 0), "video/x-raw") &&
        gst_video_info_from_caps(&format.info, plain.get()) &&
        GST_VIDEO_INFO_FORMAT(&format.info) != GST_VIDEO_FORMAT_ENCODED &&
        GST_VIDEO_INFO_SIZE(&format.info) > 0;
    if (isVideo) {
        format.kind = Kind::RawVideo;
        format.plainCaps = std::move(plain);
    } else if (format.needsDmaBuf) {
        format.kind = Kind::Opaque;
    }
    return format;
}

} // namespace mediaheap::plugin
