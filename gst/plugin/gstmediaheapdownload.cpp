// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-mediaheapdownload
 * @title: mediaheapdownload
 * @short_description: hands heap buffers on as plain memory
 *
 * Takes the caps feature `memory:DMABuf` off raw video, for elements that want plain memory. The
 * buffers stay the same; whoever reads them maps them. Only out of heap memory that the CPU reads
 * slowly, since its mappings bypass the caches, is copied: reading such a frame once in order costs
 * far less than an element that reads it to and fro. The property #GstMediaHeapDownload:copy
 * decides otherwise.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 v4l2src io-mode=dmabuf ! mediaheapupload heap=dma-heap:system,cached=0 !
 * mediaheapdownload ! videoconvert ! autovideosink
 * ]|
 *
 * Since: 0.1
 */

#include "gstmediaheapdownload.h"

#include "debug.h"
#include "downloader.h"

#define GST_CAT_DEFAULT mediaheap::plugin::downloadDebug()

using mediaheap::plugin::CopyMode;
using mediaheap::plugin::Downloader;

struct _GstMediaHeapDownload {
    GstBaseTransform parent;
    Downloader* state;
};

enum { PROP_0, PROP_COPY, PROP_STATS, N_PROPERTIES };

static GParamSpec* properties[N_PROPERTIES];

G_DEFINE_TYPE(GstMediaHeapDownload, gst_media_heap_download, GST_TYPE_BASE_TRANSFORM)

#define PARENT_CLASS GST_BASE_TRANSFORM_CLASS(gst_media_heap_download_parent_class)

GType gst_media_heap_download_copy_get_type(void) {
    static const GEnumValue values[] = {
        {GST_MEDIA_HEAP_DOWNLOAD_COPY_AUTO, "Copy out of heap memory that the CPU reads slowly",
         "auto"},
        {GST_MEDIA_HEAP_DOWNLOAD_COPY_NEVER, "Do not copy for speed's sake", "never"},
        {GST_MEDIA_HEAP_DOWNLOAD_COPY_ALWAYS, "Copy every buffer", "always"},
        {0, nullptr, nullptr},
    };
    static const GType type = g_enum_register_static("GstMediaHeapDownloadCopy", values);
    return type;
}

static Downloader& downloaderOf(gpointer element) {
    return *GST_MEDIA_HEAP_DOWNLOAD(element)->state;
}

static CopyMode toMode(gint value) {
    switch (value) {
    case GST_MEDIA_HEAP_DOWNLOAD_COPY_NEVER:
        return CopyMode::Never;
    case GST_MEDIA_HEAP_DOWNLOAD_COPY_ALWAYS:
        return CopyMode::Always;
    default:
        return CopyMode::Auto;
    }
}

static gint fromMode(CopyMode mode) {
    switch (mode) {
    case CopyMode::Never:
        return GST_MEDIA_HEAP_DOWNLOAD_COPY_NEVER;
    case CopyMode::Always:
        return GST_MEDIA_HEAP_DOWNLOAD_COPY_ALWAYS;
    case CopyMode::Auto:
        break;
    }
    return GST_MEDIA_HEAP_DOWNLOAD_COPY_AUTO;
}

static gboolean gst_media_heap_download_start(GstBaseTransform* trans) noexcept {
    downloaderOf(trans).start();
    return TRUE;
}

static gboolean gst_media_heap_download_stop(GstBaseTransform* trans) noexcept {
    downloaderOf(trans).stop();
    return TRUE;
}

static GstCaps* gst_media_heap_download_transform_caps(GstBaseTransform* trans,
                                                       GstPadDirection direction, GstCaps* caps,
                                                       GstCaps* filter) noexcept {
    return downloaderOf(trans).transformCaps(direction, caps, filter).release();
}

static gboolean gst_media_heap_download_decide_allocation(GstBaseTransform* trans,
                                                          GstQuery* query) noexcept {
    downloaderOf(trans).decideAllocation(query);
    return TRUE;
}

static gboolean gst_media_heap_download_propose_allocation(GstBaseTransform* trans, GstQuery*,
                                                           GstQuery* query) noexcept {
    return downloaderOf(trans).proposeAllocation(query);
}

static GstFlowReturn gst_media_heap_download_prepare_output_buffer(GstBaseTransform* trans,
                                                                   GstBuffer* in,
                                                                   GstBuffer** out) noexcept {
    return downloaderOf(trans).prepare(in, out);
}

/* The output buffer is complete when it is prepared; the base class wants the function to exist, or
 * it would work in place. */
static GstFlowReturn gst_media_heap_download_transform(GstBaseTransform*, GstBuffer*,
                                                       GstBuffer*) noexcept {
    return GST_FLOW_OK;
}

static gboolean gst_media_heap_download_sink_event(GstBaseTransform* trans,
                                                   GstEvent* event) noexcept {
    Downloader& downloader = downloaderOf(trans);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: {
        /* Not in set_caps: a class with that function refuses streams that have no caps. */
        GstCaps* caps = nullptr;
        gst_event_parse_caps(event, &caps);
        downloader.setCaps(caps);
        break;
    }
    case GST_EVENT_FLUSH_START:
        downloader.setFlushing(true);
        break;
    case GST_EVENT_FLUSH_STOP:
        downloader.setFlushing(false);
        break;
    case GST_EVENT_EOS:
        g_object_notify_by_pspec(G_OBJECT(trans), properties[PROP_STATS]);
        break;
    default:
        break;
    }
    return PARENT_CLASS->sink_event(trans, event);
}

static GstStateChangeReturn
gst_media_heap_download_change_state(GstElement* element, GstStateChange transition) noexcept {
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
        downloaderOf(element).setFlushing(true);
    return GST_ELEMENT_CLASS(gst_media_heap_download_parent_class)
        ->change_state(element, transition);
}

static void gst_media_heap_download_set_property(GObject* object, guint id, const GValue* value,
                                                 GParamSpec* pspec) noexcept {
    switch (id) {
    case PROP_COPY:
        downloaderOf(object).setMode(toMode(g_value_get_enum(value)));
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void gst_media_heap_download_get_property(GObject* object, guint id, GValue* value,
                                                 GParamSpec* pspec) noexcept {
    switch (id) {
    case PROP_COPY:
        g_value_set_enum(value, fromMode(downloaderOf(object).mode()));
        break;
    case PROP_STATS:
        g_value_take_boxed(value, downloaderOf(object).stats().release());
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void gst_media_heap_download_finalize(GObject* object) noexcept {
    delete GST_MEDIA_HEAP_DOWNLOAD(object)->state;
    G_OBJECT_CLASS(gst_media_heap_download_parent_class)->finalize(object);
}

static void gst_media_heap_download_init(GstMediaHeapDownload* self) {
    self->state = new Downloader(GST_BASE_TRANSFORM(self));
    gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
}

static void installProperties(GObjectClass* klass) {
    /**
     * GstMediaHeapDownload:copy:
     *
     * When to copy. A change takes effect with the next buffer.
     *
     * Since: 0.1
     */
    properties[PROP_COPY] = g_param_spec_enum(
        "copy", "Copy",
        "When to copy buffers into other memory; frames whose layout the next element cannot take "
        "are copied in any case",
        GST_TYPE_MEDIA_HEAP_DOWNLOAD_COPY, GST_MEDIA_HEAP_DOWNLOAD_COPY_AUTO,
        static_cast<GParamFlags>(G_PARAM_READWRITE | GST_PARAM_MUTABLE_PLAYING |
                                 G_PARAM_STATIC_STRINGS));

    /**
     * GstMediaHeapDownload:stats:
     *
     * What became of the buffers since the stream began, as #guint64 fields `buffers-passed`,
     * `buffers-copied` and `bytes-copied`. Notified at the end of the stream.
     *
     * Since: 0.1
     */
    properties[PROP_STATS] = g_param_spec_boxed(
        "stats", "Statistics",
        "Buffers passed and copied, and bytes copied; notified at the end of the stream",
        GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));

    g_object_class_install_properties(klass, N_PROPERTIES, properties);
    gst_type_mark_as_plugin_api(GST_TYPE_MEDIA_HEAP_DOWNLOAD_COPY,
                                static_cast<GstPluginAPIFlags>(0));
}

static void gst_media_heap_download_class_init(GstMediaHeapDownloadClass* klass) {
    GObjectClass* objectClass = G_OBJECT_CLASS(klass);
    objectClass->set_property = gst_media_heap_download_set_property;
    objectClass->get_property = gst_media_heap_download_get_property;
    objectClass->finalize = gst_media_heap_download_finalize;
    installProperties(objectClass);

    GstElementClass* elementClass = GST_ELEMENT_CLASS(klass);
    elementClass->change_state = gst_media_heap_download_change_state;
    gst_element_class_add_pad_template(
        elementClass, gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_CAPS_ANY));
    gst_element_class_add_pad_template(
        elementClass, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_CAPS_ANY));
    gst_element_class_set_static_metadata(
        elementClass, "Media heap downloader", "Generic/Memory",
        "Hands heap buffers on as plain memory, copies only what the CPU reads slowly",
        "The mediaheap developers");

    GstBaseTransformClass* transformClass = GST_BASE_TRANSFORM_CLASS(klass);
    transformClass->start = gst_media_heap_download_start;
    transformClass->stop = gst_media_heap_download_stop;
    transformClass->transform_caps = gst_media_heap_download_transform_caps;
    transformClass->decide_allocation = gst_media_heap_download_decide_allocation;
    transformClass->propose_allocation = gst_media_heap_download_propose_allocation;
    transformClass->prepare_output_buffer = gst_media_heap_download_prepare_output_buffer;
    transformClass->transform = gst_media_heap_download_transform;
    transformClass->sink_event = gst_media_heap_download_sink_event;
}
