// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pixel_format.h"

#include <algorithm>
#include <cctype>

namespace mediaheap::plan {

namespace {

// Linux, Documentation/userspace-api/media/v4l/pixfmt*.rst and include/uapi/drm/drm_fourcc.h.
const std::vector<PixelFormat>& formats() {
    static const std::vector<PixelFormat> all = {
        {"ARGB8888", {{32, 1}}, false},
        {"ABGR8888", {{32, 1}}, false},
        {"RGBA8888", {{32, 1}}, false},
        {"BGRA8888", {{32, 1}}, false},
        {"XRGB8888", {{32, 1}}, false},
        {"XBGR8888", {{32, 1}}, false},
        {"RGB888", {{24, 1}}, false},
        {"BGR888", {{24, 1}}, false},
        {"RGB565", {{16, 1}}, false},
        {"ARGB1555", {{16, 1}}, false},
        {"ARGB4444", {{16, 1}}, false},
        {"GREY", {{8, 1}}, false},
        {"YUYV", {{16, 1}}, true},
        {"UYVY", {{16, 1}}, true},
        {"YVYU", {{16, 1}}, true},
        {"VYUY", {{16, 1}}, true},
        {"NV12", {{8, 1}, {8, 2}}, true},
        {"NV21", {{8, 1}, {8, 2}}, true},
        {"NV16", {{8, 1}, {8, 1}}, true},
        {"NV61", {{8, 1}, {8, 1}}, true},
        {"NV24", {{8, 1}, {16, 1}}, false},
        {"P010", {{16, 1}, {16, 2}}, true},
        {"I420", {{8, 1}, {4, 2}, {4, 2}}, true},
        {"YUV420", {{8, 1}, {4, 2}, {4, 2}}, true},
        {"YV12", {{8, 1}, {4, 2}, {4, 2}}, true},
        {"Y42B", {{8, 1}, {4, 1}, {4, 1}}, true},
        {"YUV422P", {{8, 1}, {4, 1}, {4, 1}}, true},
        {"SBGGR8", {{8, 1}}, true},
        {"SRGGB8", {{8, 1}}, true},
        {"SBGGR10", {{16, 1}}, true},
        {"SRGGB10", {{16, 1}}, true},
        {"SBGGR12", {{16, 1}}, true},
        {"SRGGB12", {{16, 1}}, true},
    };
    return all;
}

bool sameName(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return std::toupper(static_cast<unsigned char>(x)) ==
                      std::toupper(static_cast<unsigned char>(y));
           });
}

} // namespace

const PixelFormat* findPixelFormat(std::string_view name) {
    for (const PixelFormat& format : formats()) {
        if (sameName(format.name, name))
            return &format;
    }
    return nullptr;
}

std::string pixelFormatNames() {
    std::string names;
    for (const PixelFormat& format : formats())
        names += (names.empty() ? "" : ", ") + std::string(format.name);
    return names;
}

SizeOfFrame sizeOfFrame(const PixelFormat& format, uint64_t width, uint64_t height,
                        uint64_t strideAlignment) {
    const uint64_t even = format.pairs ? (width + 1) / 2 * 2 : width;
    const unsigned firstBits = format.planes.front().bits;
    const uint64_t plain = even * firstBits / 8;
    const uint64_t stride = (plain + strideAlignment - 1) / strideAlignment * strideAlignment;

    SizeOfFrame size;
    if (format.planes.size() == 1 && stride == plain && plain == width * firstBits / 8) {
        size.bytes = width * height * firstBits / 8;
        size.formula = std::to_string(width) + " * " + std::to_string(height) + " * (" +
                       std::to_string(firstBits) + " / 8)";
        return size;
    }
    for (const PixelFormat::Plane& plane : format.planes) {
        const uint64_t line = (stride * plane.bits + firstBits - 1) / firstBits;
        const uint64_t lines = (height + plane.everyLines - 1) / plane.everyLines;
        size.bytes += line * lines;
        size.formula += (size.formula.empty() ? "" : " + ") + std::to_string(line) + " * " +
                        std::to_string(lines);
    }
    if (format.planes.size() > 1)
        size.formula = "(" + size.formula + ")";
    return size;
}

} // namespace mediaheap::plan
