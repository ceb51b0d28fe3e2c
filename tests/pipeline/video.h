// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>

#include "gst_test.h"

namespace mediaheap::test {

/// `video/x-raw` of a format and size, at 30 frames a second.
std::string videoCaps(const char* format, int width, int height, const char* features = nullptr);

GstVideoInfo videoInfo(const char* format, int width, int height);

/// A frame whose pixels tell where in the picture they belong.
class Picture {
public:
    Picture(const char* format, int width, int height) : info_(videoInfo(format, width, height)) {}

    const GstVideoInfo& info() const { return info_; }

    /// In system memory, without GstVideoMeta.
    Owned<GstBuffer> packed() const;
    /// In system memory, each line @p extra bytes longer and each plane @p gap bytes further than
    /// it needs to be, as GstVideoMeta tells.
    Owned<GstBuffer> padded(int extra, gsize gap) const;
    /// In system memory, as the part at (@p x, @p y) of a larger frame, as GstVideoCropMeta tells.
    Owned<GstBuffer> cropped(guint x, guint y, guint fullWidth, guint fullHeight) const;
    /// Draws it into @p buffer, in the layout that its GstVideoMeta tells.
    void draw(GstBuffer* buffer) const;

    /// Whether @p buffer shows this picture, in the layout that its GstVideoMeta tells.
    testing::AssertionResult isShownBy(GstBuffer* buffer) const;

private:
    GstVideoInfo info_;
};

/// A buffer of @p size bytes that count up from @p first, split over @p memories.
Owned<GstBuffer> bytes(gsize size, guint8 first = 0, guint memories = 1);
/// The same in memory of @p allocator.
Owned<GstBuffer> bytesFrom(GstAllocator* allocator, gsize size);
/// Whether @p buffer has @p size bytes that count up from @p first.
testing::AssertionResult areBytes(GstBuffer* buffer, gsize size, guint8 first = 0);

} // namespace mediaheap::test
