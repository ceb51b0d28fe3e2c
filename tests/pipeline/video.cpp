// SPDX-License-Identifier: LGPL-2.1-or-later
#include "video.h"

namespace mediaheap::test {

namespace {

/// The value of byte @p column in line @p row of plane @p plane.
guint8 pixel(guint plane, guint row, guint column) {
    return static_cast<guint8>(plane * 101 + row * 7 + column * 3 + 1);
}

/// Bytes of a line of plane @p plane that carry the picture.
guint lineBytes(const GstVideoInfo& info, guint plane) {
    gint components[GST_VIDEO_MAX_COMPONENTS];
    gst_video_format_info_component(info.finfo, plane, components);
    const gint pixels =
        GST_VIDEO_FORMAT_INFO_SCALE_WIDTH(info.finfo, components[0], GST_VIDEO_INFO_WIDTH(&info));
    const gint stride = GST_VIDEO_FORMAT_INFO_PSTRIDE(info.finfo, components[0]);
    // Formats such as v210 have no bytes for a single pixel: the whole line counts.
    return stride != 0 ? static_cast<guint>(pixels * stride)
                       : static_cast<guint>(GST_VIDEO_INFO_PLANE_STRIDE(&info, plane));
}

guint lines(const GstVideoInfo& info, guint plane) {
    gint components[GST_VIDEO_MAX_COMPONENTS];
    gst_video_format_info_component(info.finfo, plane, components);
    return static_cast<guint>(GST_VIDEO_FORMAT_INFO_SCALE_HEIGHT(info.finfo, components[0],
                                                                 GST_VIDEO_INFO_HEIGHT(&info)));
}

using Visit = std::function<bool(guint8& byte, guint plane, guint row, guint column)>;

/// Calls @p visit for every byte of the picture at (@p x, @p y) of what @p buffer shows, until it
/// returns false. Whether it never did.
testing::AssertionResult eachByte(GstBuffer* buffer, const GstVideoInfo& info, GstMapFlags access,
                                  const Visit& visit) {
    GstVideoFrame frame;
    if (!gst_video_frame_map(&frame, &info, buffer, access))
        return testing::AssertionFailure() << "the frame cannot be mapped";
    testing::AssertionResult result = testing::AssertionSuccess();
    for (guint plane = 0; result && plane < GST_VIDEO_FRAME_N_PLANES(&frame); plane++) {
        auto* data = static_cast<guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane));
        for (guint row = 0; result && row < lines(info, plane); row++) {
            guint8* line = data + static_cast<gssize>(row) * frame.info.stride[plane];
            for (guint column = 0; column < lineBytes(info, plane); column++) {
                if (visit(line[column], plane, row, column))
                    continue;
                result = testing::AssertionFailure()
                         << "plane " << plane << ", line " << row << ", byte " << column;
                break;
            }
        }
    }
    gst_video_frame_unmap(&frame);
    return result;
}

} // namespace

std::string videoCaps(const char* format, int width, int height, const char* features) {
    return std::string("video/x-raw") + (features ? std::string("(") + features + ")" : "") +
           ",format=" + format + ",width=" + std::to_string(width) +
           ",height=" + std::to_string(height) + ",framerate=30/1";
}

GstVideoInfo videoInfo(const char* format, int width, int height) {
    const Owned<GstCaps> caps(gst_caps_from_string(videoCaps(format, width, height).c_str()));
    GstVideoInfo info;
    EXPECT_TRUE(gst_video_info_from_caps(&info, caps.get())) << format;
    return info;
}

Owned<GstBuffer> Picture::packed() const {
    Owned<GstBuffer> buffer(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info_), nullptr));
    draw(buffer.get());
    return buffer;
}

Owned<GstBuffer> Picture::padded(int extra, gsize gap) const {
    const guint planes = GST_VIDEO_INFO_N_PLANES(&info_);
    gsize offset[GST_VIDEO_MAX_PLANES] = {};
    gint stride[GST_VIDEO_MAX_PLANES] = {};
    gsize size = 0;
    for (guint plane = 0; plane < planes; plane++) {
        stride[plane] = GST_VIDEO_INFO_PLANE_STRIDE(&info_, plane) + extra;
        offset[plane] = size + gap;
        size = offset[plane] + static_cast<gsize>(stride[plane]) * lines(info_, plane);
    }
    Owned<GstBuffer> buffer(gst_buffer_new_allocate(nullptr, size, nullptr));
    gst_buffer_memset(buffer.get(), 0, 0xEE, size);
    gst_buffer_add_video_meta_full(
        buffer.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT(&info_),
        static_cast<guint>(GST_VIDEO_INFO_WIDTH(&info_)),
        static_cast<guint>(GST_VIDEO_INFO_HEIGHT(&info_)), planes, offset, stride);
    draw(buffer.get());
    return buffer;
}

Owned<GstBuffer> Picture::cropped(guint x, guint y, guint fullWidth, guint fullHeight) const {
    GstVideoInfo full = videoInfo(GST_VIDEO_INFO_NAME(&info_), static_cast<int>(fullWidth),
                                  static_cast<int>(fullHeight));
    Owned<GstBuffer> buffer(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&full), nullptr));
    gst_buffer_memset(buffer.get(), 0, 0xEE, GST_VIDEO_INFO_SIZE(&full));
    // Drawn at its place first, while the meta says that the frame begins there.
    gsize offset[GST_VIDEO_MAX_PLANES] = {};
    gint stride[GST_VIDEO_MAX_PLANES] = {};
    for (guint plane = 0; plane < GST_VIDEO_INFO_N_PLANES(&full); plane++) {
        gint components[GST_VIDEO_MAX_COMPONENTS];
        gst_video_format_info_component(full.finfo, plane, components);
        const guint column = x >> GST_VIDEO_FORMAT_INFO_W_SUB(full.finfo, components[0]);
        const guint row = y >> GST_VIDEO_FORMAT_INFO_H_SUB(full.finfo, components[0]);
        stride[plane] = full.stride[plane];
        offset[plane] =
            full.offset[plane] + row * static_cast<gsize>(stride[plane]) +
            column * static_cast<gsize>(GST_VIDEO_FORMAT_INFO_PSTRIDE(full.finfo, components[0]));
    }
    GstVideoMeta* meta = gst_buffer_add_video_meta_full(
        buffer.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT(&info_),
        static_cast<guint>(GST_VIDEO_INFO_WIDTH(&info_)),
        static_cast<guint>(GST_VIDEO_INFO_HEIGHT(&info_)), GST_VIDEO_INFO_N_PLANES(&info_), offset,
        stride);
    draw(buffer.get());
    gst_buffer_remove_meta(buffer.get(), &meta->meta);

    gst_buffer_add_video_meta_full(buffer.get(), GST_VIDEO_FRAME_FLAG_NONE,
                                   GST_VIDEO_INFO_FORMAT(&info_), fullWidth, fullHeight,
                                   GST_VIDEO_INFO_N_PLANES(&full), full.offset, full.stride);
    GstVideoCropMeta* crop = gst_buffer_add_video_crop_meta(buffer.get());
    crop->x = x;
    crop->y = y;
    crop->width = static_cast<guint>(GST_VIDEO_INFO_WIDTH(&info_));
    crop->height = static_cast<guint>(GST_VIDEO_INFO_HEIGHT(&info_));
    return buffer;
}

void Picture::draw(GstBuffer* buffer) const {
    EXPECT_TRUE(eachByte(buffer, info_, GST_MAP_WRITE,
                         [](guint8& byte, guint plane, guint row, guint column) {
                             byte = pixel(plane, row, column);
                             return true;
                         }));
}

testing::AssertionResult Picture::isShownBy(GstBuffer* buffer) const {
    return eachByte(buffer, info_, GST_MAP_READ,
                    [](const guint8& byte, guint plane, guint row, guint column) {
                        return byte == pixel(plane, row, column);
                    });
}

Owned<GstBuffer> bytes(gsize size, guint8 first, guint memories) {
    Owned<GstBuffer> buffer(gst_buffer_new());
    gsize done = 0;
    for (guint i = 0; i < memories; i++) {
        const gsize part = i + 1 == memories ? size - done : size / memories;
        GstMemory* memory = gst_allocator_alloc(nullptr, part, nullptr);
        Mapped mapped(memory, GST_MAP_WRITE);
        for (gsize at = 0; at < part; at++)
            mapped.data()[at] = static_cast<guint8>(first + done + at);
        mapped.end();
        gst_buffer_append_memory(buffer.get(), memory);
        done += part;
    }
    return buffer;
}

Owned<GstBuffer> bytesFrom(GstAllocator* allocator, gsize size) {
    Owned<GstBuffer> buffer(gst_buffer_new_allocate(allocator, size, nullptr));
    if (buffer)
        number(gst_buffer_peek_memory(buffer.get(), 0));
    return buffer;
}

testing::AssertionResult areBytes(GstBuffer* buffer, gsize size, guint8 first) {
    GstMapInfo map;
    if (!gst_buffer_map(buffer, &map, GST_MAP_READ))
        return testing::AssertionFailure() << "the buffer cannot be mapped";
    testing::AssertionResult result = testing::AssertionSuccess();
    if (map.size != size)
        result = testing::AssertionFailure() << map.size << " bytes instead of " << size;
    for (gsize at = 0; result && at < size; at++) {
        if (map.data[at] != static_cast<guint8>(first + at))
            result = testing::AssertionFailure() << "byte " << at << " is " << int(map.data[at]);
    }
    gst_buffer_unmap(buffer, &map);
    return result;
}

} // namespace mediaheap::test
