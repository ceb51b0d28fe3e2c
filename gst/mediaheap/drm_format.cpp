// SPDX-License-Identifier: LGPL-2.1-or-later
#include "drm_format.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include <gst/video/video.h>

namespace mediaheap::gst {

namespace {

struct Pair {
    const char* drm;    ///< in words that are read from memory, least significant byte first
    const char* format; ///< in bytes as they lie in memory
};

// Linux, include/uapi/drm/drm_fourcc.h, beside GstVideoFormat's own documentation.
constexpr Pair pairs[] = {
    {"YUYV", "YUY2"},    {"YVYU", "YVYU"},        {"UYVY", "UYVY"},
    {"VYUY", "VYUY"},    {"AYUV", "VUYA"},        {"NV12", "NV12"},
    {"NV21", "NV21"},    {"NV16", "NV16"},        {"NV61", "NV61"},
    {"NV24", "NV24"},    {"YUV9", "YUV9"},        {"YVU9", "YVU9"},
    {"YU11", "Y41B"},    {"YU12", "I420"},        {"YV12", "YV12"},
    {"YU16", "Y42B"},    {"YU24", "Y444"},        {"P010", "P010_10LE"},
    {"P012", "P012_LE"}, {"RG16", "RGB16"},       {"BG16", "BGR16"},
    {"RG24", "BGR"},     {"BG24", "RGB"},         {"AR24", "BGRA"},
    {"XR24", "BGRx"},    {"AB24", "RGBA"},        {"XB24", "RGBx"},
    {"RA24", "ABGR"},    {"RX24", "xBGR"},        {"BA24", "ARGB"},
    {"BX24", "xRGB"},    {"AR30", "BGR10A2_LE"},  {"Y410", "Y410"},
    {"Y412", "Y412_LE"}, {"Y210", "Y210"},        {"Y212", "Y212_LE"},
    {"R8  ", "GRAY8"},   {"R16 ", "GRAY16_LE"},   {"R16 _BE", "GRAY16_BE"},
    {"XR15", "RGB15"},   {"NV15", "NV12_10LE40"},
};

template <typename Member> const Pair* find(Member member, const char* text) {
    if (text == nullptr)
        return nullptr;
    const auto* found = std::find_if(std::begin(pairs), std::end(pairs), [&](const Pair& pair) {
        return std::strcmp(pair.*member, text) == 0;
    });
    return found != std::end(pairs) ? found : nullptr;
}

} // namespace

const char* formatOfDrm(const char* drmFormat) {
    const Pair* pair = find(&Pair::drm, drmFormat);
    return pair != nullptr ? pair->format : nullptr;
}

const char* drmOfFormat(const char* format) {
    const Pair* pair = find(&Pair::format, format);
    return pair != nullptr ? pair->drm : nullptr;
}

bool isDmaDrm(const GstStructure* structure) {
    const char* format = gst_structure_get_string(structure, "format");
    return format != nullptr && std::strcmp(format, "DMA_DRM") == 0;
}

bool knowsDmaDrm() { return gst_video_format_from_string("DMA_DRM") != GST_VIDEO_FORMAT_UNKNOWN; }

} // namespace mediaheap::gst
