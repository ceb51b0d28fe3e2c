// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pool_policy.h"

namespace mediaheap::plugin {

namespace {

enum Property { MinBuffers, MaxBuffers, MaxBytes, WhenFull, MaxWait, CopyThreshold };

GParamFlags changeableIn(guint states) {
    return static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | states);
}

void installNumbersOfBuffers(GObjectClass* klass, guint first) {
    /**
     * GstMediaHeapUpload:min-buffers:
     *
     * Buffers that a pool has from its start on, where downstream does not ask for more of them. A
     * pool that has its minimum waits for one of its buffers to come back, however long that takes.
     * Elements that keep several frames, and do not say so, need more than the default.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, first + MinBuffers,
        g_param_spec_uint("min-buffers", "Minimum of buffers",
                          "Buffers that a pool has at least (0 = as many as downstream asks for, "
                          "and never fewer than 2)",
                          0, G_MAXUINT, 0, changeableIn(GST_PARAM_MUTABLE_READY)));
    /**
     * GstMediaHeapUpload:max-buffers:
     *
     * Buffers that a pool has at most. Never less than the minimum; decoders of libav turn down
     * pools with fewer than 32, for which there is #GstMediaHeapUpload:max-bytes.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, first + MaxBuffers,
        g_param_spec_uint(
            "max-buffers", "Maximum of buffers",
            "Buffers that a pool has at most, and no fewer than its minimum (0 = as many "
            "as there is room for)",
            0, G_MAXUINT, 0, changeableIn(GST_PARAM_MUTABLE_READY)));
    /**
     * GstMediaHeapUpload:max-bytes:
     *
     * Bytes of the heap that a pool has at most.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, first + MaxBytes,
        g_param_spec_uint64("max-bytes", "Maximum of bytes",
                            "Bytes of the heap that a pool has at most (0 = as many as there are)",
                            0, G_MAXUINT64, 0, changeableIn(GST_PARAM_MUTABLE_READY)));
}

void installShortage(GObjectClass* klass, guint first) {
    /**
     * GstMediaHeapUpload:when-full:
     *
     * What a pool with fewer buffers than its minimum does when the heap is full.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, first + WhenFull,
        g_param_spec_enum("when-full", "When full",
                          "What to do when the heap has no memory for a pool's minimum of buffers",
                          GST_TYPE_MEDIA_HEAP_WHEN_FULL, GST_MEDIA_HEAP_WHEN_FULL_RECLAIM,
                          changeableIn(GST_PARAM_MUTABLE_READY)));
    /**
     * GstMediaHeapUpload:max-wait:
     *
     * How long to wait for memory that others have. After that the stream ends with an error that
     * names them.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, first + MaxWait,
        g_param_spec_uint64("max-wait", "Longest wait",
                            "How long to wait for memory that others have, in nanoseconds "
                            "(18446744073709551615 = as long as it takes)",
                            0, GST_CLOCK_TIME_NONE, GST_MEDIA_HEAP_DEFAULT_MAX_WAIT,
                            changeableIn(GST_PARAM_MUTABLE_READY)));
    /**
     * GstMediaHeapUpload:copy-threshold:
     *
     * Where downstream has so many buffers of a lent pool that upstream has fewer than this left, a
     * copy goes on downstream and the buffer back to upstream, so that a live source need not stop.
     * The copy is in the heap where that has room, else in system memory; frames that must be
     * DMA-BUFs go on as they are then. Asks for a bound: #GstMediaHeapUpload:max-buffers,
     * #GstMediaHeapUpload:max-bytes or the size of the heap.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, first + CopyThreshold,
        g_param_spec_uint("copy-threshold", "Copy threshold",
                          "Copy frames, and give their buffers back at once, while upstream has "
                          "fewer buffers left than this (0 = never)",
                          0, G_MAXUINT, 0, changeableIn(GST_PARAM_MUTABLE_PLAYING)));
}

} // namespace

void PoolTerms::putInto(GstStructure* config) const {
    gst_media_heap_buffer_pool_config_set_max_bytes(config, maxBytes);
    gst_media_heap_buffer_pool_config_set_when_full(config, whenFull, maxWait);
}

void PoolPolicy::install(GObjectClass* klass, guint first) {
    installNumbersOfBuffers(klass, first);
    installShortage(klass, first);
}

bool PoolPolicy::set(guint property, const GValue* value) {
    const std::lock_guard lock(mutex_);
    switch (property) {
    case MinBuffers:
        terms_.minBuffers = g_value_get_uint(value);
        return true;
    case MaxBuffers:
        terms_.maxBuffers = g_value_get_uint(value);
        return true;
    case MaxBytes:
        terms_.maxBytes = g_value_get_uint64(value);
        return true;
    case WhenFull:
        terms_.whenFull = static_cast<GstMediaHeapWhenFull>(g_value_get_enum(value));
        return true;
    case MaxWait:
        terms_.maxWait = g_value_get_uint64(value);
        return true;
    case CopyThreshold:
        terms_.copyThreshold = g_value_get_uint(value);
        return true;
    default:
        return false;
    }
}

bool PoolPolicy::get(guint property, GValue* value) const {
    const PoolTerms terms = this->terms();
    switch (property) {
    case MinBuffers:
        g_value_set_uint(value, terms.minBuffers);
        return true;
    case MaxBuffers:
        g_value_set_uint(value, terms.maxBuffers);
        return true;
    case MaxBytes:
        g_value_set_uint64(value, terms.maxBytes);
        return true;
    case WhenFull:
        g_value_set_enum(value, terms.whenFull);
        return true;
    case MaxWait:
        g_value_set_uint64(value, terms.maxWait);
        return true;
    case CopyThreshold:
        g_value_set_uint(value, terms.copyThreshold);
        return true;
    default:
        return false;
    }
}

PoolTerms PoolPolicy::terms() const {
    const std::lock_guard lock(mutex_);
    return terms_;
}

} // namespace mediaheap::plugin
