// SPDX-License-Identifier: LGPL-2.1-or-later
#include "downstream_wishes.h"

#include <algorithm>

#include "debug.h"

#define GST_CAT_DEFAULT uploadDebug()

namespace mediaheap::plugin {

namespace {

/// Alignments are masks of low bits, so the larger one includes the smaller.
GstAllocationParams merged(const GstAllocationParams& a, const GstAllocationParams& b) {
    // Of the flags only the zeroing ones are a wish towards any allocator; the others speak of
    // properties that the allocator beside them has.
    constexpr guint zeroing = GST_MEMORY_FLAG_ZERO_PREFIXED | GST_MEMORY_FLAG_ZERO_PADDED;
    GstAllocationParams result;
    gst_allocation_params_init(&result);
    result.flags = static_cast<GstMemoryFlags>((a.flags | b.flags) & zeroing);
    result.align = std::max(a.align, b.align);
    result.prefix = std::max(a.prefix, b.prefix);
    result.padding = std::max(a.padding, b.padding);
    return result;
}

/// More pixels or bytes than any frame has in a line, so that sums with it stay in range.
constexpr guint mostPadding = 32767;

/// Reads the padding that the structure of an announced GstVideoMeta may carry (gstvideometa.h),
/// and stride alignments as GstVideoAlignment names them. Empty when it asks for none.
std::optional<GstVideoAlignment> readAlignment(const GstStructure* params) {
    if (!params)
        return std::nullopt;
    GstVideoAlignment align;
    gst_video_alignment_reset(&align);
    guint* fields[] = {&align.padding_top,     &align.padding_bottom,  &align.padding_left,
                       &align.padding_right,   &align.stride_align[0], &align.stride_align[1],
                       &align.stride_align[2], &align.stride_align[3]};
    const char* names[] = {"padding-top",   "padding-bottom", "padding-left",  "padding-right",
                           "stride-align0", "stride-align1",  "stride-align2", "stride-align3"};
    bool any = false;
    for (size_t i = 0; i < G_N_ELEMENTS(fields); ++i) {
        guint value = 0;
        if (!gst_structure_get_uint(params, names[i], &value) || value == 0)
            continue;
        const bool isMask = g_str_has_prefix(names[i], "stride");
        if (value > mostPadding || (isMask && (value & (value + 1)) != 0)) {
            GST_WARNING("ignoring %s=%u, which is no layout for a frame", names[i], value);
            continue;
        }
        *fields[i] = value;
        any = true;
    }
    if (!any)
        return std::nullopt;
    return align;
}

} // namespace

DownstreamWishes::DownstreamWishes() { gst_allocation_params_init(&params_); }

DownstreamWishes::DownstreamWishes(GstQuery* answered) : DownstreamWishes() {
    readMetas(answered);
    readPools(answered);
    readParams(answered);
}

void DownstreamWishes::readMetas(GstQuery* answered) {
    const guint count = gst_query_get_n_allocation_metas(answered);
    for (guint i = 0; i < count; ++i) {
        const GstStructure* params = nullptr;
        const GType api = gst_query_parse_nth_allocation_meta(answered, i, &params);
        if (api == GST_VIDEO_META_API_TYPE) {
            takesVideoMeta_ = true;
            if (!alignment_)
                alignment_ = readAlignment(params);
        }
        metas_.push_back({api, StructurePtr(params ? gst_structure_copy(params) : nullptr)});
    }
}

void DownstreamWishes::readPools(GstQuery* answered) {
    const guint count = gst_query_get_n_allocation_pools(answered);
    for (guint i = 0; i < count; ++i) {
        GstBufferPool* pool = nullptr;
        guint size = 0;
        guint min = 0;
        guint max = 0;
        gst_query_parse_nth_allocation_pool(answered, i, &pool, &size, &min, &max);
        ObjectPtr<GstBufferPool> owned(pool);
        size_ = std::max(size_, size);
        minBuffers_ = std::max(minBuffers_, min);
        if (!pool_ && owned) {
            pool_ = std::move(owned);
            poolMaxBuffers_ = max;
        }
    }
}

void DownstreamWishes::readParams(GstQuery* answered) {
    const guint count = gst_query_get_n_allocation_params(answered);
    for (guint i = 0; i < count; ++i) {
        GstAllocator* allocator = nullptr;
        GstAllocationParams params;
        gst_query_parse_nth_allocation_param(answered, i, &allocator, &params);
        ObjectPtr<GstAllocator> owned(allocator);
        params_ = merged(params_, params);
        if (!allocator_)
            allocator_ = std::move(owned);
    }
    if (!alignment_)
        return;
    for (const guint align : alignment_->stride_align)
        params_.align = std::max<gsize>(params_.align, align);
}

void DownstreamWishes::offerMetas(GstQuery* upstream) const {
    for (const Meta& meta : metas_) {
        if (!gst_query_find_allocation_meta(upstream, meta.api, nullptr))
            gst_query_add_allocation_meta(upstream, meta.api, meta.params.get());
    }
}

void DownstreamWishes::offerAllocator(GstQuery* upstream, GstAllocator* allocator) const {
    if (gst_query_get_n_allocation_params(upstream) == 0) {
        gst_query_add_allocation_param(upstream, allocator, &params_);
        return;
    }
    GstAllocator* other = nullptr;
    GstAllocationParams otherParams;
    gst_query_parse_nth_allocation_param(upstream, 0, &other, &otherParams);
    const ObjectPtr<GstAllocator> owned(other);
    const GstAllocationParams both = merged(params_, otherParams);
    gst_query_set_nth_allocation_param(upstream, 0, allocator, &both);
    if (other)
        gst_query_add_allocation_param(upstream, other, &otherParams);
}

void offerPool(GstQuery* upstream, GstBufferPool* pool, guint size, guint minBuffers,
               guint maxBuffers) {
    if (gst_query_get_n_allocation_pools(upstream) == 0) {
        gst_query_add_allocation_pool(upstream, pool, size, minBuffers, maxBuffers);
        return;
    }
    GstBufferPool* other = nullptr;
    guint otherSize = 0;
    guint otherMin = 0;
    gst_query_parse_nth_allocation_pool(upstream, 0, &other, &otherSize, &otherMin, nullptr);
    const ObjectPtr<GstBufferPool> owned(other);
    const guint min = std::max(minBuffers, otherMin);
    gst_query_set_nth_allocation_pool(upstream, 0, pool, std::max(size, otherSize), min,
                                      maxBuffers > 0 ? std::max(maxBuffers, min) : 0);
}

} // namespace mediaheap::plugin
