// SPDX-License-Identifier: LGPL-2.1-or-later
#include "downloader.h"

#include <algorithm>

#include <gst/mediaheap/mediaheap.h>

#include "debug.h"
#include "dmabuf_caps.h"
#include "frame_copy.h"
#include "stream_error.h"

#define GST_CAT_DEFAULT downloadDebug()

namespace mediaheap::plugin {

namespace {

bool isSlowToRead(GstBuffer* buffer) {
    for (guint i = 0; i < gst_buffer_n_memory(buffer); ++i) {
        GstMemory* memory = gst_buffer_peek_memory(buffer, i);
        if (gst_is_media_heap_memory(memory) && !gst_media_heap_memory_is_cached(memory))
            return true;
    }
    return false;
}

} // namespace

void Downloader::start() {
    counters_.reset();
    copies_.setFlushing(false);
}

void Downloader::stop() {
    copies_.drop();
    format_ = {};
    wishes_ = {};
}

CapsPtr Downloader::transformCaps(GstPadDirection direction, const GstCaps* caps,
                                  GstCaps* filter) const {
    CapsPtr plain = withoutDmaBuf(caps);
    CapsPtr result;
    if (direction == GST_PAD_SINK)
        result.reset(gst_caps_merge(plain.release(), plainOfDmaBuf(caps).release()));
    else
        result = withDmaBuf(plain.get());
    if (filter)
        result.reset(gst_caps_intersect_full(filter, result.get(), GST_CAPS_INTERSECT_FIRST));
    return result;
}

void Downloader::decideAllocation(GstQuery* answered) {
    copies_.drop();
    wishes_ = DownstreamWishes(answered);
    // The base class would stop a pool that upstream was given too.
    while (gst_query_get_n_allocation_pools(answered) > 0)
        gst_query_remove_nth_allocation_pool(answered, 0);
}

bool Downloader::proposeAllocation(GstQuery* upstream) {
    GstCaps* caps = nullptr;
    gst_query_parse_allocation(upstream, &caps, nullptr);
    const MediaFormat format = MediaFormat::of(caps);
    const bool isPassed = !format.needsDmaBuf && mode_ != CopyMode::Always;
    if (isPassed || format.kind == MediaFormat::Kind::Opaque)
        return gst_pad_peer_query(GST_BASE_TRANSFORM_SRC_PAD(element_), upstream);

    // Downstream's pool does not make what these caps ask for, or is wanted for the copies; its
    // other wishes hold. Frames in another layout than downstream takes are repacked here.
    wishes_.offerMetas(upstream);
    if (format.isRawVideo()) {
        if (!wishes_.takesVideoMeta())
            gst_query_add_allocation_meta(upstream, GST_VIDEO_META_API_TYPE, nullptr);
        offerPool(upstream, nullptr, alignedSize(format.info, wishes_), wishes_.minBuffers(), 0);
    }
    return true;
}

const char* Downloader::reasonToCopy(GstBuffer* buffer) const {
    if (format_.kind == MediaFormat::Kind::Opaque || gst_buffer_get_size(buffer) == 0)
        return nullptr;
    const CopyMode mode = mode_;
    if (mode == CopyMode::Always)
        return "the property copy says always";
    if (mode == CopyMode::Auto && isSlowToRead(buffer))
        return "the CPU reads its memory slowly";
    if (format_.isRawVideo() && !wishes_.takesVideoMeta() && !isPacked(buffer, format_.info))
        return "downstream takes packed frames only";
    return nullptr;
}

GstFlowReturn Downloader::prepare(GstBuffer* in, GstBuffer** out) {
    const char* reason = reasonToCopy(in);
    if (!reason) {
        counters_.passed();
        *out = in;
        return GST_FLOW_OK;
    }

    const bool isVideo = format_.isRawVideo();
    const gsize size = isVideo ? GST_VIDEO_INFO_SIZE(&format_.info) : gst_buffer_get_size(in);
    GST_DEBUG_OBJECT(element_, "copying %" G_GSIZE_FORMAT " bytes: %s; %" GST_PTR_FORMAT, size,
                     reason, in);
    GST_CAT_DEBUG_OBJECT(performanceDebug(), element_, "copying %" G_GSIZE_FORMAT " bytes: %s",
                         size, reason);
    BufferPtr copy;
    if (isVideo) {
        const GstFlowReturn result = copyVideo(in, copy);
        if (result != GST_FLOW_OK)
            return result;
    } else {
        copy = copyBytes(in, usableAllocator(), wishes_.params());
        if (!copy)
            return failed("no memory for a copy of", in);
    }
    copyMetadata(in, copy.get(), isVideo);
    counters_.copied(size);
    *out = copy.release();
    return GST_FLOW_OK;
}

GstFlowReturn Downloader::copyVideo(GstBuffer* in, BufferPtr& copy) {
    if (!copies_.isReady() && !preparePool())
        return failed("no pool for a copy of", in);
    const GstFlowReturn result = copies_.acquire(copy);
    if (result == GST_FLOW_FLUSHING)
        return result;
    if (result != GST_FLOW_OK)
        return failed("no memory for a copy of", in);
    return copyFrame(in, copy.get(), format_.info) ? GST_FLOW_OK : failed("no frame in", in);
}

GstAllocator* Downloader::usableAllocator() const {
    GstAllocator* allocator = wishes_.allocator();
    const bool isUsable =
        allocator && !GST_OBJECT_FLAG_IS_SET(allocator, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
    return isUsable ? allocator : nullptr;
}

bool Downloader::preparePool() {
    const guint size = alignedSize(format_.info, wishes_);
    // One that is active serves someone else.
    GstBufferPool* offered = wishes_.pool();
    PoolTerms terms;
    terms.maxBuffers = wishes_.poolMaxBuffers();
    if (offered && !gst_buffer_pool_is_active(offered) &&
        copies_.prepare(newRef(offered), format_.plainCaps.get(), std::max(size, wishes_.size()),
                        terms, wishes_, wishes_.allocator()))
        return true;
    return copies_.prepare(ObjectPtr<GstBufferPool>(gst_video_buffer_pool_new()),
                           format_.plainCaps.get(), size, {}, wishes_, usableAllocator());
}

GstFlowReturn Downloader::failed(const char* what, GstBuffer* in) {
    letPipelineSettle(GST_ELEMENT(element_));
    GST_ELEMENT_ERROR(element_, RESOURCE, FAILED,
                      ("%s a buffer of %" G_GSIZE_FORMAT " bytes", what, gst_buffer_get_size(in)),
                      ("%" GST_PTR_FORMAT, in));
    return GST_FLOW_ERROR;
}

StructurePtr Downloader::stats() const {
    return StructurePtr(counters_.toStructure("mediaheapdownload-stats", 0));
}

} // namespace mediaheap::plugin
