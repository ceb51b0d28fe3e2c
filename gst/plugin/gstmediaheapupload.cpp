// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-mediaheapupload
 * @title: mediaheapupload
 * @short_description: lends heap buffers upstream, copies what was not allocated there
 *
 * Brings the frames of a stream into a media heap. The element before it is lent a buffer pool of
 * the heap; one that writes into the buffers it was lent (jpegdec, videotestsrc, v4l2src with
 * io-mode=dmabuf-import) makes its frames in the heap, and they pass untouched. Whatever arrives in
 * other memory is copied. The property #GstMediaHeapUpload:stats tells which of both happened.
 *
 * Elements with the same heap string share one heap. While the property #GstMediaHeapUpload:heap is
 * `auto`, a heap that an application or a neighbouring element offers in a #GstContext of type
 * `gst.media.heap` is used.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -v filesrc location=clip.avi ! avidemux ! jpegdec ! mediaheapupload ! fakesink
 * ]|
 * With `-v` the statistics appear at the end of the stream.
 *
 * Since: 0.1
 */

#include "gstmediaheapupload.h"

#include "debug.h"
#include "uploader.h"

#define GST_CAT_DEFAULT mediaheap::plugin::uploadDebug()

using mediaheap::plugin::HeapHolder;
using mediaheap::plugin::PoolPolicy;
using mediaheap::plugin::Uploader;

struct _GstMediaHeapUpload {
    GstBaseTransform parent;
    Uploader* state;
};

enum { PROP_0, PROP_HEAP, PROP_MEMORY_PER_PLANE, PROP_STATS, N_PROPERTIES };
/* Those of PoolPolicy come after them. */
constexpr guint firstOfPolicy = N_PROPERTIES;

static GParamSpec* properties[N_PROPERTIES];

G_DEFINE_TYPE(GstMediaHeapUpload, gst_media_heap_upload, GST_TYPE_BASE_TRANSFORM)

#define PARENT_CLASS GST_BASE_TRANSFORM_CLASS(gst_media_heap_upload_parent_class)

static Uploader& uploaderOf(gpointer element) { return *GST_MEDIA_HEAP_UPLOAD(element)->state; }

static gboolean gst_media_heap_upload_start(GstBaseTransform* trans) noexcept {
    uploaderOf(trans).start();
    return TRUE;
}

static gboolean gst_media_heap_upload_stop(GstBaseTransform* trans) noexcept {
    uploaderOf(trans).stop();
    return TRUE;
}

static GstCaps* gst_media_heap_upload_transform_caps(GstBaseTransform* trans,
                                                     GstPadDirection direction, GstCaps* caps,
                                                     GstCaps* filter) noexcept {
    return uploaderOf(trans).transformCaps(direction, caps, filter).release();
}

static gboolean gst_media_heap_upload_decide_allocation(GstBaseTransform* trans,
                                                        GstQuery* query) noexcept {
    const Uploader::Answering answering;
    uploaderOf(trans).decideAllocation(query);
    return TRUE;
}

static gboolean gst_media_heap_upload_propose_allocation(GstBaseTransform* trans, GstQuery*,
                                                         GstQuery* query) noexcept {
    return uploaderOf(trans).proposeAllocation(query);
}

static GstFlowReturn gst_media_heap_upload_prepare_output_buffer(GstBaseTransform* trans,
                                                                 GstBuffer* in,
                                                                 GstBuffer** out) noexcept {
    return uploaderOf(trans).prepare(in, out);
}

/* The output buffer is complete when it is prepared; the base class wants the function to exist, or
 * it would work in place. */
static GstFlowReturn gst_media_heap_upload_transform(GstBaseTransform*, GstBuffer*,
                                                     GstBuffer*) noexcept {
    return GST_FLOW_OK;
}

static gboolean gst_media_heap_upload_sink_event(GstBaseTransform* trans,
                                                 GstEvent* event) noexcept {
    Uploader& uploader = uploaderOf(trans);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: {
        /* Not in set_caps: a class with that function refuses streams that have no caps. */
        GstCaps* caps = nullptr;
        gst_event_parse_caps(event, &caps);
        if (!uploader.setCaps(caps)) {
            gst_event_unref(event);
            return FALSE;
        }
        break;
    }
    case GST_EVENT_FLUSH_START:
        uploader.setFlushing(true);
        break;
    case GST_EVENT_FLUSH_STOP:
        uploader.setFlushing(false);
        break;
    case GST_EVENT_EOS:
        g_object_notify_by_pspec(G_OBJECT(trans), properties[PROP_STATS]);
        break;
    default:
        break;
    }
    return PARENT_CLASS->sink_event(trans, event);
}

static gboolean gst_media_heap_upload_query(GstBaseTransform* trans, GstPadDirection direction,
                                            GstQuery* query) noexcept {
    return uploaderOf(trans).heap().answer(query) || PARENT_CLASS->query(trans, direction, query);
}

static GstStateChangeReturn gst_media_heap_upload_change_state(GstElement* element,
                                                               GstStateChange transition) noexcept {
    Uploader& uploader = uploaderOf(element);
    switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
        if (!uploader.heap().acquire())
            return GST_STATE_CHANGE_FAILURE;
        break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
        if (!uploader.heap().acquireAnew())
            return GST_STATE_CHANGE_FAILURE;
        break;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
        uploader.play();
        break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
        uploader.setFlushing(true);
        break;
    default:
        break;
    }
    const GstStateChangeReturn result =
        GST_ELEMENT_CLASS(gst_media_heap_upload_parent_class)->change_state(element, transition);
    if (transition == GST_STATE_CHANGE_READY_TO_NULL ||
        (transition == GST_STATE_CHANGE_NULL_TO_READY && result == GST_STATE_CHANGE_FAILURE))
        uploader.heap().release();
    return result;
}

static void gst_media_heap_upload_set_property(GObject* object, guint id, const GValue* value,
                                               GParamSpec* pspec) noexcept {
    switch (id) {
    case PROP_HEAP:
        uploaderOf(object).heap().setString(g_value_get_string(value));
        break;
    case PROP_MEMORY_PER_PLANE:
        uploaderOf(object).setMemoryPerPlane(g_value_get_boolean(value));
        break;
    default:
        if (!uploaderOf(object).policy().set(id - firstOfPolicy, value))
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void gst_media_heap_upload_get_property(GObject* object, guint id, GValue* value,
                                               GParamSpec* pspec) noexcept {
    switch (id) {
    case PROP_HEAP:
        g_value_set_string(value, uploaderOf(object).heap().string().c_str());
        break;
    case PROP_MEMORY_PER_PLANE:
        g_value_set_boolean(value, uploaderOf(object).memoryPerPlane());
        break;
    case PROP_STATS:
        g_value_take_boxed(value, uploaderOf(object).stats().release());
        break;
    default:
        if (!uploaderOf(object).policy().get(id - firstOfPolicy, value))
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void gst_media_heap_upload_finalize(GObject* object) noexcept {
    delete GST_MEDIA_HEAP_UPLOAD(object)->state;
    G_OBJECT_CLASS(gst_media_heap_upload_parent_class)->finalize(object);
}

static void gst_media_heap_upload_init(GstMediaHeapUpload* self) {
    self->state = new Uploader(GST_BASE_TRANSFORM(self));
    gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
}

static void installProperties(GObjectClass* klass) {
    /**
     * GstMediaHeapUpload:heap:
     *
     * The heap string. While it is `auto`, a heap offered through a #GstContext is used before one
     * is chosen.
     *
     * Since: 0.1
     */
    properties[PROP_HEAP] = g_param_spec_string(
        "heap", "Heap",
        "Where buffers are made: <source>[:<name>][,key=value...], for example udmabuf, "
        "dma-heap:system,size=64M or memfd; auto takes the heap that the application or a "
        "neighbour offers, else the best source of this machine",
        HeapHolder::defaultHeap,
        static_cast<GParamFlags>(G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY |
                                 GST_PARAM_DOC_SHOW_DEFAULT | G_PARAM_STATIC_STRINGS));

    /**
     * GstMediaHeapUpload:memory-per-plane:
     *
     * Whether every plane of a raw video frame is a memory, and a descriptor, of its own, as
     * multi-planar V4L2 formats (NM12) and VA-API want it. Frames that arrive otherwise are copied.
     *
     * Who reads such a buffer as a whole, without the #GstVideoMeta that it has, pays a copy of it.
     *
     * Since: 0.1
     */
    properties[PROP_MEMORY_PER_PLANE] = g_param_spec_boolean(
        "memory-per-plane", "Memory per plane",
        "Make every plane of a raw video frame a memory and a descriptor of its own, as "
        "multi-planar V4L2 formats and VA-API want it",
        FALSE,
        static_cast<GParamFlags>(G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY |
                                 G_PARAM_STATIC_STRINGS));

    /**
     * GstMediaHeapUpload:stats:
     *
     * What became of the buffers since the stream began, as #guint64 fields `buffers-passed`
     * (already in the heap), `buffers-copied` and `bytes-copied`. The last includes what other
     * elements copied out of lent buffers with gst_memory_copy(). The field `heap` is a structure
     * with the state of the heap, as gst_media_heap_get_stats() gives it, while there is one.
     *
     * Notified at the end of the stream.
     *
     * Since: 0.1
     */
    properties[PROP_STATS] = g_param_spec_boxed(
        "stats", "Statistics",
        "Buffers passed and copied, bytes copied (also behind this element's back), and the state "
        "of the heap; notified at the end of the stream",
        GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));

    g_object_class_install_properties(klass, N_PROPERTIES, properties);
    PoolPolicy::install(klass, firstOfPolicy);
}

static void gst_media_heap_upload_class_init(GstMediaHeapUploadClass* klass) {
    GObjectClass* objectClass = G_OBJECT_CLASS(klass);
    objectClass->set_property = gst_media_heap_upload_set_property;
    objectClass->get_property = gst_media_heap_upload_get_property;
    objectClass->finalize = gst_media_heap_upload_finalize;
    installProperties(objectClass);

    GstElementClass* elementClass = GST_ELEMENT_CLASS(klass);
    elementClass->change_state = gst_media_heap_upload_change_state;
    gst_element_class_add_pad_template(
        elementClass, gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_CAPS_ANY));
    gst_element_class_add_pad_template(
        elementClass, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_CAPS_ANY));
    gst_element_class_set_static_metadata(
        elementClass, "Media heap uploader", "Generic/Memory",
        "Lends heap buffers upstream, copies what was not allocated there",
        "The mediaheap developers");

    GstBaseTransformClass* transformClass = GST_BASE_TRANSFORM_CLASS(klass);
    transformClass->start = gst_media_heap_upload_start;
    transformClass->stop = gst_media_heap_upload_stop;
    transformClass->transform_caps = gst_media_heap_upload_transform_caps;
    transformClass->decide_allocation = gst_media_heap_upload_decide_allocation;
    transformClass->propose_allocation = gst_media_heap_upload_propose_allocation;
    transformClass->prepare_output_buffer = gst_media_heap_upload_prepare_output_buffer;
    transformClass->transform = gst_media_heap_upload_transform;
    transformClass->sink_event = gst_media_heap_upload_sink_event;
    transformClass->query = gst_media_heap_upload_query;
}
