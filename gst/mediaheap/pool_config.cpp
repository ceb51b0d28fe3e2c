// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pool_config.h"

#include <cerrno>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include <unistd.h>

#include <gst/mediaheap/gstmediaheapbufferpool.h>

#include "video_layout.h"

namespace mediaheap::gst {

namespace {

Error refusal(std::string cause) {
    Error error;
    error.code = EINVAL;
    error.step = "configure the pool";
    error.cause = std::move(cause);
    return error;
}

Result<void> readParams(GstStructure* config, PoolConfig& read, GstCaps** caps) {
    if (!gst_buffer_pool_config_get_params(config, caps, &read.size, &read.min, &read.max))
        return refusal("caps, size, min-buffers or max-buffers are missing");
    if (*caps == nullptr)
        return refusal("there are no caps");
    if (!gst_caps_is_fixed(*caps))
        return refusal("the caps are not fixed");
    if (read.max != 0 && read.min > read.max)
        return refusal("at least " + std::to_string(read.min) + " buffers, but at most " +
                       std::to_string(read.max));
    gst_buffer_pool_config_get_allocator(config, nullptr, &read.params);
    read.whenFull = gst_media_heap_buffer_pool_config_get_when_full(config, &read.maxWait);
    read.uncached =
        gst_buffer_pool_config_has_option(config, GST_BUFFER_POOL_OPTION_MEDIA_HEAP_UNCACHED);
    return {};
}

/// The alignment that @p config asks for; all zero where it does not.
Result<GstVideoAlignment> readAlignment(GstStructure* config) {
    GstVideoAlignment alignment;
    gst_video_alignment_reset(&alignment);
    if (!gst_buffer_pool_config_has_option(config, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT))
        return alignment;
    if (!gst_buffer_pool_config_get_video_alignment(config, &alignment))
        return refusal("the option for video alignment is set, but there is no alignment");
    if (!isReasonable(alignment))
        return refusal("the video alignment is beyond all measure");
    return alignment;
}

uint64_t sumOf(uint64_t a, uint64_t b) {
    uint64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<uint64_t>::max() : sum;
}

/// What a memory with @p data bytes of data takes of the heap; the largest number where there is no
/// such memory.
uint64_t blockOf(gsize data, const GstAllocationParams& params) {
    const auto page = static_cast<uint64_t>(getpagesize());
    const uint64_t bytes = sumOf(sumOf(data, params.prefix), params.padding);
    const uint64_t pages = MAX(bytes, uint64_t{1}) / page + (MAX(bytes, uint64_t{1}) % page != 0);
    return pages > std::numeric_limits<uint64_t>::max() / page ? bytes : pages * page;
}

/// The most buffers that @p read allows, with room in @p bytes; 0 for any number of either.
Result<guint> readMaximum(const PoolConfig& read, guint64 bytes) {
    if (bytes == 0)
        return read.max;
    const uint64_t fitting = bytes / read.blockSize();
    if (fitting < MAX(read.min, 1u))
        return refusal(std::to_string(MAX(read.min, 1u)) + " buffers take " +
                       std::to_string(MAX(read.min, 1u) * read.blockSize()) +
                       " bytes of the heap, and the pool may have " + std::to_string(bytes));
    const auto most = static_cast<guint>(MIN(fitting, uint64_t{G_MAXUINT}));
    return read.max == 0 ? most : MIN(read.max, most);
}

} // namespace

uint64_t PoolConfig::memorySize() const {
    return uint64_t{size} + memories.size() * (uint64_t{params.prefix} + params.padding);
}

uint64_t PoolConfig::blockSize() const {
    uint64_t bytes = 0;
    for (const gsize memory : memories)
        bytes = sumOf(bytes, blockOf(memory, params));
    return bytes;
}

uint64_t PoolConfig::largestBlock() const {
    uint64_t bytes = 0;
    for (const gsize memory : memories)
        bytes = MAX(bytes, blockOf(memory, params));
    return bytes;
}

GstVideoAlignment combine(const GstVideoAlignment& a, const GstVideoAlignment& b) {
    GstVideoAlignment both = a;
    both.padding_top = MAX(a.padding_top, b.padding_top);
    both.padding_bottom = MAX(a.padding_bottom, b.padding_bottom);
    both.padding_left = MAX(a.padding_left, b.padding_left);
    both.padding_right = MAX(a.padding_right, b.padding_right);
    for (unsigned plane = 0; plane < GST_VIDEO_MAX_PLANES; plane++)
        both.stride_align[plane] |= b.stride_align[plane];
    return both;
}

Result<PoolConfig> PoolConfig::adopt(GstStructure* config, GstAllocator* allocator,
                                     const GstVideoAlignment& floor, bool memoryPerPlane) {
    PoolConfig adopted;
    GstCaps* caps = nullptr;
    const auto read = readParams(config, adopted, &caps);
    if (!read)
        return read.error();

    auto video = videoInfoOf(caps);
    if (!video)
        return refusal(video.error().cause);
    const bool aligned =
        gst_buffer_pool_config_has_option(config, GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT);
    if (video->has_value()) {
        GstVideoInfo info = **video;
        if (adopted.size != 0 && adopted.size < info.size)
            return refusal("a frame has " + std::to_string(info.size) + " bytes, a buffer only " +
                           std::to_string(adopted.size));
        const bool separate =
            memoryPerPlane || gst_buffer_pool_config_has_option(
                                  config, GST_BUFFER_POOL_OPTION_MEDIA_HEAP_MEMORY_PER_PLANE);
        // Without the meta nobody could tell where a padded line begins, or another memory.
        if (gst_buffer_pool_config_has_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META)) {
            const auto asked = readAlignment(config);
            if (!asked)
                return asked.error();
            GstVideoAlignment alignment = combine(asked.value(), floor);
            if (!gst_video_info_align(&info, &alignment))
                return refusal("the frame cannot be laid out with that alignment");
            for (const guint mask : alignment.stride_align)
                adopted.params.align |= mask;
            adopted.frame = Frame{info, alignment};
        } else if (separate) {
            adopted.frame = Frame{info, {}};
        }
        if (separate)
            adopted.memories = planeSizes(**video, adopted.frame->alignment);
        if (info.size > G_MAXUINT)
            return refusal("a frame of " + std::to_string(info.size) + " bytes is too large");
        adopted.size = MAX(adopted.size, static_cast<guint>(info.size));
    }
    if (adopted.size == 0)
        return refusal("buffers of no size; caps that are not raw video have to come with one");

    // What a buffer has beyond its frame is behind the last plane.
    if (adopted.memories.empty())
        adopted.memories.push_back(0);
    adopted.memories.back() +=
        adopted.size - std::accumulate(adopted.memories.begin(), adopted.memories.end(), gsize{0});

    const auto most = readMaximum(adopted, gst_media_heap_buffer_pool_config_get_max_bytes(config));
    if (!most)
        return most.error();

    gst_buffer_pool_config_set_params(config, caps, adopted.size, adopted.min, adopted.max);
    gst_buffer_pool_config_set_allocator(config, allocator, &adopted.params);
    if (adopted.frame && aligned)
        gst_buffer_pool_config_set_video_alignment(config, &adopted.frame->alignment);
    adopted.max = most.value(); // not what the configuration says, which others judge the pool by
    return adopted;
}

} // namespace mediaheap::gst
