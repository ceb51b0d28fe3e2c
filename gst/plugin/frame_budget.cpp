// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frame_budget.h"

#include <algorithm>
#include <string>

#include <unistd.h>

#include "gst_ptr.h"
#include "stream_error.h"

namespace mediaheap::plugin {

namespace {

constexpr guint64 mebi = guint64{1} << 20;

guint64 sizeOf(GstMediaHeap* heap) {
    const StructurePtr stats(gst_media_heap_get_stats(heap));
    guint64 size = 0;
    gst_structure_get_uint64(stats.get(), "size", &size);
    return size;
}

/// @p frames times @p bytes; what is too large for that is larger than any heap.
guint64 together(guint frames, guint64 bytes) {
    guint64 product = 0;
    return g_uint64_checked_mul(&product, frames, bytes)
               ? std::min<guint64>(product, G_MAXUINT64 - mebi)
               : G_MAXUINT64 - mebi;
}

} // namespace

void FrameBudget::start(const PoolTerms& terms) {
    refused_ = false;
    if (terms.maxBuffers > 0 && terms.minBuffers > terms.maxBuffers)
        GST_ELEMENT_WARNING(
            element_, RESOURCE, SETTINGS,
            ("max-buffers=%u is less than min-buffers=%u, so that %u is the maximum "
             "as well; set one of them anew",
             terms.maxBuffers, terms.minBuffers, terms.minBuffers),
            (nullptr));
}

bool FrameBudget::admits(GstMediaHeap* heap, const GstVideoInfo& info, const PoolTerms& terms) {
    const guint64 size = sizeOf(heap);
    const auto page = static_cast<guint64>(getpagesize());
    const guint64 frame = (guint64{GST_VIDEO_INFO_SIZE(&info)} + page - 1) / page * page;
    const guint64 needed = together(terms.minBuffers, frame);
    const bool fitsHeap = needed <= size;
    if (fitsHeap && (terms.maxBytes == 0 || needed <= terms.maxBytes))
        return true;
    if (refused_)
        return false;
    refused_ = true;

    const std::string frames = std::to_string(terms.minBuffers) + " frames of " +
                               std::to_string(GST_VIDEO_INFO_WIDTH(&info)) + "x" +
                               std::to_string(GST_VIDEO_INFO_HEIGHT(&info)) + " " +
                               GST_VIDEO_INFO_NAME(&info) + ", which take " +
                               std::to_string(needed) + " bytes";
    const guint64 most = (fitsHeap ? terms.maxBytes : size) / std::max<guint64>(frame, 1);
    const std::string fewer =
        most >= leastBuffers ? ", or set min-buffers=" + std::to_string(most) + " or fewer" : "";
    const std::string heapName = std::string("heap '") + gst_media_heap_get_description(heap) + "'";
    letPipelineSettle(element_);
    if (fitsHeap)
        GST_ELEMENT_ERROR(element_, RESOURCE, SETTINGS,
                          ("max-bytes=%" G_GUINT64_FORMAT
                           " is smaller than %s of %s; set it to that or more%s",
                           terms.maxBytes, frames.c_str(), heapName.c_str(), fewer.c_str()),
                          (nullptr));
    else
        GST_ELEMENT_ERROR(
            element_, RESOURCE, NO_SPACE_LEFT,
            ("%s: its size of %" G_GUINT64_FORMAT
             " bytes is smaller than %s; open it with size=%" G_GUINT64_FORMAT "M or more%s",
             heapName.c_str(), size, frames.c_str(), (needed + mebi - 1) / mebi, fewer.c_str()),
            (nullptr));
    return false;
}

} // namespace mediaheap::plugin
