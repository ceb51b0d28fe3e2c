// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame_copy.h"

#include <algorithm>
#include <cstdlib>

namespace mediaheap::plugin {

namespace {

/// The first component that lies in @p plane, or -1 (the palette of an indexed format).
int componentOf(const GstVideoFormatInfo* format, guint plane) {
    for (guint i = 0; i < GST_VIDEO_FORMAT_INFO_N_COMPONENTS(format); ++i) {
        if (GST_VIDEO_FORMAT_INFO_PLANE(format, i) == plane)
            return static_cast<int>(i);
    }
    return -1;
}

/// A video frame that is mapped as long as this object lives.
class MappedFrame {
public:
    MappedFrame(GstBuffer* buffer, const GstVideoInfo& info, GstMapFlags access) {
        if (holds(buffer, info)) {
            // Not const before GStreamer 1.20, and never written to.
            mapped_ =
                gst_video_frame_map(&frame_, const_cast<GstVideoInfo*>(&info), buffer, access);
        }
    }
    ~MappedFrame() {
        if (mapped_)
            gst_video_frame_unmap(&frame_);
    }
    MappedFrame(const MappedFrame&) = delete;
    MappedFrame& operator=(const MappedFrame&) = delete;

    explicit operator bool() const { return mapped_; }
    GstVideoFrame* get() { return &frame_; }

private:
    /// gst_video_frame_map() takes a frame that does not fit for a bug of its caller, and the
    /// planes of a GstVideoMeta on trust; here both are input.
    static bool holds(GstBuffer* buffer, const GstVideoInfo& info) {
        const GstVideoMeta* meta = gst_buffer_get_video_meta(buffer);
        const gsize size = gst_buffer_get_size(buffer);
        if (!meta)
            return size >= GST_VIDEO_INFO_SIZE(&info);
        if (meta->format != GST_VIDEO_INFO_FORMAT(&info) ||
            meta->width < static_cast<guint>(GST_VIDEO_INFO_WIDTH(&info)) ||
            meta->height < static_cast<guint>(GST_VIDEO_INFO_HEIGHT(&info)) ||
            meta->n_planes != GST_VIDEO_INFO_N_PLANES(&info))
            return false;
        for (guint plane = 0; plane < meta->n_planes; ++plane) {
            if (!planeLiesWithin(*meta, info.finfo, plane, size))
                return false;
        }
        return true;
    }

    static bool planeLiesWithin(const GstVideoMeta& meta, const GstVideoFormatInfo* format,
                                guint plane, gsize size) {
        const int component = componentOf(format, plane);
        if (component < 0 || GST_VIDEO_FORMAT_INFO_IS_TILED(format))
            return meta.offset[plane] < size;
        const gint64 rows = GST_VIDEO_FORMAT_INFO_SCALE_HEIGHT(format, component, meta.height);
        const gint64 width = GST_VIDEO_FORMAT_INFO_SCALE_WIDTH(format, component, meta.width) *
                             static_cast<gint64>(GST_VIDEO_FORMAT_INFO_PSTRIDE(format, component));
        const gint64 stride = meta.stride[plane];
        const auto first = static_cast<gint64>(meta.offset[plane]);
        const gint64 last = first + stride * (rows - 1);
        // Formats without a pixel stride are copied by whole lines.
        const gint64 line = width != 0 ? width : std::abs(stride);
        return std::min(first, last) >= 0 &&
               std::max(first, last) + line <= static_cast<gint64>(size);
    }

    GstVideoFrame frame_ = {};
    bool mapped_ = false;
};

/// Moves the beginning of every plane of @p frame to pixel (@p x, @p y), rounded down to where all
/// its components have a sample. False for formats whose pixels have no address of their own.
bool moveOrigin(GstVideoFrame* frame, guint x, guint y) {
    const GstVideoFormatInfo* format = frame->info.finfo;
    if (x == 0 && y == 0)
        return true;
    if (GST_VIDEO_FORMAT_INFO_IS_TILED(format) || GST_VIDEO_FORMAT_INFO_IS_COMPLEX(format))
        return false;

    guint wSub = 0;
    guint hSub = 0;
    for (guint i = 0; i < GST_VIDEO_FORMAT_INFO_N_COMPONENTS(format); ++i) {
        wSub = MAX(wSub, GST_VIDEO_FORMAT_INFO_W_SUB(format, i));
        hSub = MAX(hSub, GST_VIDEO_FORMAT_INFO_H_SUB(format, i));
    }
    x = x >> wSub << wSub;
    y = y >> hSub << hSub;

    for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(frame); ++plane) {
        const int component = componentOf(format, plane);
        if (component < 0)
            continue;
        const gint pixelStride = GST_VIDEO_FORMAT_INFO_PSTRIDE(format, component);
        if (pixelStride == 0 && x != 0)
            return false;
        const gsize column = x >> GST_VIDEO_FORMAT_INFO_W_SUB(format, component);
        const gssize row = y >> GST_VIDEO_FORMAT_INFO_H_SUB(format, component);
        frame->data[plane] = static_cast<guint8*>(frame->data[plane]) +
                             row * GST_VIDEO_FRAME_PLANE_STRIDE(frame, plane) +
                             column * static_cast<gsize>(pixelStride);
    }
    return true;
}

/// Goes to the part of @p frame that its buffer shows.
bool crop(GstVideoFrame* frame, const GstVideoInfo& info) {
    const GstVideoCropMeta* crop = gst_buffer_get_video_crop_meta(frame->buffer);
    if (!crop)
        return true;
    const auto width = static_cast<guint>(GST_VIDEO_INFO_WIDTH(&info));
    const auto height = static_cast<guint>(GST_VIDEO_INFO_HEIGHT(&info));
    if (crop->x > GST_VIDEO_FRAME_WIDTH(frame) - width ||
        crop->y > GST_VIDEO_FRAME_HEIGHT(frame) - height)
        return false;
    return moveOrigin(frame, crop->x, crop->y);
}

} // namespace

bool isPacked(GstBuffer* buffer, const GstVideoInfo& info) {
    const GstVideoMeta* meta = gst_buffer_get_video_meta(buffer);
    if (!meta)
        return true;
    if (meta->format != GST_VIDEO_INFO_FORMAT(&info) ||
        meta->width != static_cast<guint>(GST_VIDEO_INFO_WIDTH(&info)) ||
        meta->height != static_cast<guint>(GST_VIDEO_INFO_HEIGHT(&info)) ||
        meta->n_planes != GST_VIDEO_INFO_N_PLANES(&info))
        return false;
    for (guint plane = 0; plane < meta->n_planes; ++plane) {
        if (meta->offset[plane] != GST_VIDEO_INFO_PLANE_OFFSET(&info, plane) ||
            meta->stride[plane] != GST_VIDEO_INFO_PLANE_STRIDE(&info, plane))
            return false;
    }
    return true;
}

bool copyFrame(GstBuffer* from, GstBuffer* to, const GstVideoInfo& info) {
    MappedFrame source(from, info, GST_MAP_READ);
    if (!source || !crop(source.get(), info))
        return false;
    MappedFrame target(to, info, GST_MAP_WRITE);
    return target && gst_video_frame_copy(target.get(), source.get());
}

BufferPtr copyBytes(GstBuffer* from, GstAllocator* allocator, GstAllocationParams params) {
    const gsize size = gst_buffer_get_size(from);
    BufferPtr copy(gst_buffer_new_allocate(allocator, size, &params));
    if (!copy)
        return copy;
    GstMapInfo map;
    if (!gst_buffer_map(copy.get(), &map, GST_MAP_WRITE))
        return nullptr;
    const gsize copied = gst_buffer_extract(from, 0, map.data, size);
    gst_buffer_unmap(copy.get(), &map);
    return copied == size ? std::move(copy) : nullptr;
}

void copyMetadata(GstBuffer* from, GstBuffer* to, bool copyIsCropped) {
    // DEEP leaves out metadata that only holds on to the memory that was copied from.
    constexpr guint what = GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS |
                           GST_BUFFER_COPY_META | GST_BUFFER_COPY_DEEP;
    gst_buffer_copy_into(to, from, static_cast<GstBufferCopyFlags>(what), 0, -1);
    if (!copyIsCropped)
        return;
    if (GstVideoCropMeta* crop = gst_buffer_get_video_crop_meta(to))
        gst_buffer_remove_meta(to, &crop->meta);
}

BufferPtr copyAsItIs(GstBuffer* from, GstAllocator* allocator, GstAllocationParams params) {
    BufferPtr copy(gst_buffer_new());
    gsize offset = 0;
    for (guint i = 0; i < gst_buffer_n_memory(from); ++i) {
        const gsize size = gst_memory_get_sizes(gst_buffer_peek_memory(from, i), nullptr, nullptr);
        GstMemory* memory = gst_allocator_alloc(allocator, size, &params);
        if (!memory)
            return nullptr;
        gst_buffer_append_memory(copy.get(), memory);
        GstMapInfo map;
        if (!gst_memory_map(memory, &map, GST_MAP_WRITE))
            return nullptr;
        const gsize copied = gst_buffer_extract(from, offset, map.data, size);
        gst_memory_unmap(memory, &map);
        if (copied != size)
            return nullptr;
        offset += size;
    }
    copyMetadata(from, copy.get(), false);
    if (const GstVideoMeta* meta = gst_buffer_get_video_meta(from)) {
        GstVideoMeta* layout = gst_buffer_add_video_meta_full(
            copy.get(), meta->flags, meta->format, meta->width, meta->height, meta->n_planes,
            const_cast<gsize*>(meta->offset), const_cast<gint*>(meta->stride));
        gst_video_meta_set_alignment(layout, meta->alignment);
    }
    return copy;
}

} // namespace mediaheap::plugin
