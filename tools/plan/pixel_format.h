// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mediaheap::plan {

/// How the pixels of a frame lie in memory, as far as its size is concerned.
struct PixelFormat {
    struct Plane {
        unsigned bits;       ///< for each pixel of the frame's width
        unsigned everyLines; ///< one line of the plane for so many of the frame
    };
    const char* name;
    std::vector<Plane> planes;
    bool pairs; ///< two pixels of a line share their colour, so that its width is even
};

/// A size in bytes and how it came about.
struct SizeOfFrame {
    uint64_t bytes = 0;
    std::string formula;
};

/// The format of that name (of DRM, V4L2 or GStreamer; upper or lower case), or null.
const PixelFormat* findPixelFormat(std::string_view name);

/// For error messages: every name.
std::string pixelFormatNames();

/// The bytes of one frame. Lines of the first plane are padded to a multiple of @p strideAlignment
/// bytes, those of the others in proportion, as V4L2 has it for `bytesperline`.
SizeOfFrame sizeOfFrame(const PixelFormat& format, uint64_t width, uint64_t height,
                        uint64_t strideAlignment);

} // namespace mediaheap::plan
