// SPDX-License-Identifier: LGPL-2.1-or-later
#define GST_USE_UNSTABLE_API // gsttracer.h
#include "pad_tracer.h"

#include <utility>

#include <gst/gsttracer.h>
#include <gst/mediaheap/mediaheap.h>

namespace measure {

namespace {

// The hooks give their tracer back; there is one, and this is what it stands for.
PadTracer* current = nullptr;

GType tracerType() {
    static const GType type =
        g_type_register_static_simple(GST_TYPE_TRACER, "MediaHeapPadTracer", sizeof(GstTracerClass),
                                      nullptr, sizeof(GstTracer), nullptr, G_TYPE_FLAG_NONE);
    return type;
}

std::vector<MemorySeen> memoryOf(GstBuffer* buffer) {
    std::vector<MemorySeen> memory;
    const guint count = gst_buffer_n_memory(buffer);
    for (guint i = 0; i < count; i++) {
        GstMemory* part = gst_buffer_peek_memory(buffer, i);
        while (part->parent)
            part = part->parent;
        memory.push_back({part, part->maxsize, gst_is_media_heap_memory(part) != FALSE});
    }
    return memory;
}

/// What there is to know of a stream beside its buffers. Frees caps, so no lock may be held: that
/// is seen by the hook for references.
Stream describe(GstPad* pad, GstBufferPool* pool, GstCaps* caps) {
    Stream stream;
    g_autoptr(GstElement) element = gst_pad_get_parent_element(pad);
    stream.pad = std::string(element ? GST_OBJECT_NAME(element) : "?") + ":" + GST_PAD_NAME(pad);
    g_autofree gchar* text = caps ? gst_caps_to_string(caps) : g_strdup("");
    stream.caps = text;
    if (!pool)
        return stream;
    stream.pool = GST_OBJECT_NAME(pool);
    GstStructure* config = gst_buffer_pool_get_config(pool);
    guint size = 0;
    guint least = 0;
    guint most = 0;
    if (gst_buffer_pool_config_get_params(config, nullptr, &size, &least, &most)) {
        stream.poolSize = size;
        stream.poolMin = least;
        stream.poolMax = most;
    }
    gst_structure_free(config);
    return stream;
}

} // namespace

PadTracer::PadTracer(guint64 frames, std::function<void()> onFrames)
    : frames_(frames), onFrames_(std::move(onFrames)) {
    current = this;
    auto* const tracer = static_cast<GstTracer*>(g_object_new(tracerType(), nullptr));
    gst_tracing_register_hook(tracer, "pad-push-pre", G_CALLBACK(onPush));
    gst_tracing_register_hook(tracer, "pad-push-list-pre", G_CALLBACK(onPushList));
    gst_tracing_register_hook(tracer, "pad-pull-range-post", G_CALLBACK(onPulled));
    gst_tracing_register_hook(tracer, "mini-object-unreffed", G_CALLBACK(onUnref));
}

FlightLog PadTracer::take() const {
    const std::lock_guard lock(mutex_);
    return log_;
}

void PadTracer::onPush(GObject*, GstClockTime, GstPad* pad, GstBuffer* buffer) {
    current->push(pad, buffer);
}

void PadTracer::onPushList(GObject*, GstClockTime, GstPad* pad, GstBufferList* list) {
    const guint count = gst_buffer_list_length(list);
    for (guint i = 0; i < count; i++)
        current->push(pad, gst_buffer_list_get(list, i));
}

void PadTracer::onPulled(GObject*, GstClockTime, GstPad* pad, GstBuffer* buffer,
                         GstFlowReturn flow) {
    // The hook is the puller's; the buffer came out of the pad on the other side.
    if (flow != GST_FLOW_OK || !buffer)
        return;
    GstPad* const peer = gst_pad_get_peer(pad);
    if (!peer)
        return;
    current->push(peer, buffer);
    gst_object_unref(peer);
}

void PadTracer::onUnref(GObject*, GstClockTime, GstMiniObject* object, gint count) {
    if (count != 0)
        return;
    const std::lock_guard lock(current->mutex_);
    current->log_.release(object);
}

void PadTracer::push(GstPad* pad, GstBuffer* buffer) {
    // The inside of a bin's pad is no place of its own.
    if (!GST_IS_ELEMENT(GST_OBJECT_PARENT(pad)) || GST_IS_BIN(GST_OBJECT_PARENT(pad)))
        return;
    GstCaps* const caps = gst_pad_get_current_caps(pad);
    const size_t stream = streamOf({pad, buffer->pool, caps});
    const std::vector<MemorySeen> memory = memoryOf(buffer);
    bool enough = false;
    {
        const std::lock_guard lock(mutex_);
        log_.push(stream, buffer, memory);
        enough = !told_ && frames_ > 0 && log_.streams()[stream].pushed >= frames_;
        told_ = told_ || enough;
    }
    if (caps)
        gst_caps_unref(caps);
    if (enough)
        onFrames_();
}

size_t PadTracer::streamOf(const Key& key) {
    {
        const std::lock_guard lock(mutex_);
        const auto known = streams_.find(key);
        if (known != streams_.end())
            return known->second;
    }
    const auto [pad, pool, caps] = key;
    Stream stream = describe(pad, pool, caps);
    gst_object_ref(pad);
    if (pool)
        gst_object_ref(pool);
    if (caps)
        gst_caps_ref(caps);
    const std::lock_guard lock(mutex_);
    // A pad pushes on one thread at a time, so nobody else has added it meanwhile.
    const size_t index = log_.addStream(std::move(stream));
    streams_.emplace(key, index);
    return index;
}

} // namespace measure
