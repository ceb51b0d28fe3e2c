// SPDX-License-Identifier: LGPL-2.1-or-later
#include "video_layout.h"

#include <cerrno>

#include "drm_format.h"

namespace mediaheap::gst {

namespace {

// gst_video_info_from_caps() takes the format DMA_DRM for one without a layout. A linear one has
// the layout of the format that it stands for.
bool fromDrmCaps(const GstCaps* caps, GstVideoInfo* info) {
    GstCaps* plain = gst_caps_copy(caps);
    GstStructure* structure = gst_caps_get_structure(plain, 0);
    const char* format = formatOfDrm(gst_structure_get_string(structure, "drm-format"));
    if (format != nullptr) {
        gst_structure_set(structure, "format", G_TYPE_STRING, format, nullptr);
        gst_structure_remove_field(structure, "drm-format");
    }
    const bool parsed = format != nullptr && gst_video_info_from_caps(info, plain);
    gst_caps_unref(plain);
    return parsed;
}

bool fromCaps(const GstCaps* caps, GstVideoInfo* info) {
    return isDmaDrm(gst_caps_get_structure(caps, 0)) ? fromDrmCaps(caps, info)
                                                     : gst_video_info_from_caps(info, caps);
}

} // namespace

Result<std::optional<GstVideoInfo>> videoInfoOf(const GstCaps* caps) {
    std::optional<GstVideoInfo> none;
    if (!gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw"))
        return none;
    GstVideoInfo info;
    if (!fromCaps(caps, &info)) {
        Error error;
        error.code = EINVAL;
        error.step = "lay out a frame";
        gchar* text = gst_caps_to_string(caps);
        error.cause = std::string("no geometry in the caps ") + text;
        g_free(text);
        return error;
    }
    if (GST_VIDEO_INFO_FORMAT(&info) == GST_VIDEO_FORMAT_ENCODED)
        return none;
    return std::optional<GstVideoInfo>(info);
}

std::vector<gsize> planeSizes(const GstVideoInfo& info, const GstVideoAlignment& alignment) {
    // With all padding to the right and below, the lines are as long and as many, and a plane's
    // offset is where its memory begins.
    GstVideoAlignment behind = alignment;
    behind.padding_right += behind.padding_left;
    behind.padding_bottom += behind.padding_top;
    behind.padding_left = 0;
    behind.padding_top = 0;
    GstVideoInfo laidOut = info;
    gst_video_info_align(&laidOut, &behind);

    std::vector<gsize> sizes;
    const guint planes = GST_VIDEO_INFO_N_PLANES(&laidOut);
    for (guint plane = 0; plane < planes; plane++) {
        const gsize end = plane + 1 < planes ? GST_VIDEO_INFO_PLANE_OFFSET(&laidOut, plane + 1)
                                             : GST_VIDEO_INFO_SIZE(&laidOut);
        sizes.push_back(end - GST_VIDEO_INFO_PLANE_OFFSET(&laidOut, plane));
    }
    return sizes;
}

bool isReasonable(const GstVideoAlignment& alignment) {
    // No frame is that wide, and no line is aligned to more than the largest of pages, 64 KiB.
    constexpr guint widest = 32767;
    constexpr guint coarsest = 65535;
    if (alignment.padding_top > widest || alignment.padding_bottom > widest ||
        alignment.padding_left > widest || alignment.padding_right > widest)
        return false;
    for (const guint mask : alignment.stride_align) {
        if ((mask & (mask + 1)) != 0 || mask > coarsest)
            return false;
    }
    return true;
}

} // namespace mediaheap::gst
