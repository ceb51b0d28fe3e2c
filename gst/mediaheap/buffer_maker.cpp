// SPDX-License-Identifier: LGPL-2.1-or-later
#include "buffer_maker.h"

#include <string>
#include <utility>

#include "gstmediaheap-private.h"
#include "heap_allocator.h"
#include "memory_state.h"
#include "raw_flags.h"

#define GST_CAT_DEFAULT mediaheap::gst::debugCategory()

namespace mediaheap::gst {

namespace {

/// The pool's metas stay on the buffer, whatever its users add and take away.
gboolean markPooled(GstBuffer*, GstMeta** meta, gpointer) {
    // GST_META_FLAG_SET() is C.
    (*meta)->flags = static_cast<GstMetaFlags>(rawFlags((*meta)->flags) | GST_META_FLAG_POOLED |
                                               GST_META_FLAG_LOCKED);
    return TRUE;
}

} // namespace

BufferMaker::BufferMaker(GstBufferPool* pool, std::shared_ptr<MemoryLedger> ledger)
    : pool_(pool), ledger_(std::move(ledger)), client_(Heap::newClient()) {}

BufferMaker::~BufferMaker() { gst_clear_object(&allocator_); }

void BufferMaker::setAllocator(GstAllocator* allocator) {
    allocator_ = GST_ALLOCATOR(gst_object_ref(allocator));
}

Result<GstMemory*> BufferMaker::makeMemory(gsize size, MemoryLedger::Seat seat,
                                           std::shared_ptr<MemoryLedger::Seat> commonSeat) {
    MemoryRequest request;
    request.size = size;
    request.params = config_.params;
    gchar* name = gst_object_get_name(GST_OBJECT_CAST(pool_));
    request.name = std::string(name) + "-" + std::to_string(memoriesMade_++);
    g_free(name);
    request.client = client_;
    if (config_.uncached)
        request.cached = false;
    request.seat = std::move(seat);
    request.commonSeat = std::move(commonSeat);
    return HeapAllocator::of(allocator_)->make(std::move(request));
}

Result<GstBuffer*> BufferMaker::make(MemoryLedger::Seat seat) {
    if (memories() == 1) {
        auto memory = makeMemory(config_.size, std::move(seat), nullptr);
        if (!memory)
            return std::move(memory).error();
        return wrap(memory.value());
    }
    const auto common = std::make_shared<MemoryLedger::Seat>(std::move(seat));
    GstBuffer* buffer = gst_buffer_new();
    for (const gsize size : config_.memories) {
        auto memory = makeMemory(size, {}, common);
        if (!memory) {
            gst_buffer_unref(buffer);
            return std::move(memory).error();
        }
        gst_buffer_append_memory(buffer, memory.value());
    }
    common->occupy();
    complete(buffer);
    return buffer;
}

GstBuffer* BufferMaker::wrap(GstMemory* memory) const {
    GstBuffer* buffer = gst_buffer_new();
    gst_buffer_append_memory(buffer, memory);
    complete(buffer);
    return buffer;
}

/// Adds what a buffer has beside its memory.
void BufferMaker::complete(GstBuffer* buffer) const {
    if (config_.frame) {
        GstVideoInfo info = config_.frame->info;
        GstVideoMeta* meta = gst_buffer_add_video_meta_full(
            buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT(&info),
            GST_VIDEO_INFO_WIDTH(&info), GST_VIDEO_INFO_HEIGHT(&info),
            GST_VIDEO_INFO_N_PLANES(&info), info.offset, info.stride);
        gst_video_meta_set_alignment(meta, config_.frame->alignment);
    }
    gst_buffer_foreach_meta(buffer, markPooled, nullptr);
    // From here on the flag means that somebody has exchanged the memory.
    GST_BUFFER_FLAG_UNSET(buffer, GST_BUFFER_FLAG_TAG_MEMORY);
}

void BufferMaker::restore(GstBuffer* buffer) const {
    if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_TAG_MEMORY) ||
        gst_buffer_n_memory(buffer) != memories())
        return;
    for (size_t i = 0; i < memories(); i++) {
        GstMemory* memory = gst_buffer_peek_memory(buffer, static_cast<guint>(i));
        if (!gst_memory_is_writable(memory))
            return; // keepsFit() will not have it
        // GstBufferPool resizes to the beginning of the memory, where a prefix is.
        const gssize shift =
            static_cast<gssize>(config_.params.prefix) - static_cast<gssize>(memory->offset);
        if (shift != 0 || memory->size != config_.memories[i])
            gst_memory_resize(memory, shift, config_.memories[i]);
    }
}

/// Why @p buffer cannot be handed out again; null when it can.
const char* BufferMaker::unfit(GstBuffer* buffer) const {
    if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_TAG_MEMORY))
        return "its memory was exchanged";
    if (gst_buffer_get_size(buffer) != config_.size)
        return "it has another size";
    if (!gst_buffer_is_all_memory_writable(buffer))
        return "somebody shares its memory";
    if (gst_buffer_n_memory(buffer) != memories())
        return "it has memory that is not this pool's, or not all of its own";
    for (size_t i = 0; i < memories(); i++) {
        GstMemory* memory = gst_buffer_peek_memory(buffer, static_cast<guint>(i));
        if (isMapped(memory))
            return "somebody has its memory mapped";
        MemoryState* state = MemoryState::of(memory);
        if (state == nullptr || !state->seat().isAt(*ledger_))
            return "its memory is not this pool's";
        if (state->sessions() > 0)
            return "somebody has an access session open on its memory";
        if (memory->size != config_.memories[i])
            return "a plane of it has another size";
    }
    return nullptr;
}

bool BufferMaker::keepsFit(GstBuffer* buffer) const {
    const char* reason = unfit(buffer);
    if (reason == nullptr)
        return true;
    GST_DEBUG_OBJECT(pool_, "discarding buffer %p: %s", static_cast<void*>(buffer), reason);
    gst_buffer_unref(buffer);
    return false;
}

} // namespace mediaheap::gst
