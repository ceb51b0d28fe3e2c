// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-mediaheapsimdevice
 * @title: mediaheapsimdevice
 * @short_description: plays hardware on memory of a simulated heap
 *
 * A piece of hardware for rehearsals without a board. It imports the memory of each buffer by its
 * file descriptor, never maps it, and reaches only the device's view of it, which a heap of source
 * `simulated` keeps apart from what the CPU sees. An element that forgets its sync, or does it in
 * the wrong direction, therefore goes wrong here as it would on the board, and each mistake is a
 * warning on the bus that names the block, the bytes, both parties, and where the CPU's access was
 * opened. With #GstMediaHeapSimDevice:strict the first one is an error.
 *
 * A buffer that others hold too is not written to: the device then makes itself a copy in the same
 * heap.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=30 ! mediaheapupload heap=simulated !
 * mediaheapsimdevice op=invert strict=true ! videoconvert ! autovideosink
 * ]|
 *
 * Since: 0.1
 */

#include "gstmediaheapsimdevice.h"

#include "debug.h"
#include "sim_device.h"

#define GST_CAT_DEFAULT mediaheap::plugin::simDeviceDebug()

using mediaheap::plugin::SimDevice;

struct _GstMediaHeapSimDevice {
    GstBaseTransform parent;
    SimDevice* state;
};

enum {
    PROP_0,
    PROP_OP,
    PROP_VALUE,
    PROP_STRICT,
    PROP_ASYNC,
    PROP_CHECKSUM,
    PROP_VIOLATIONS,
    N_PROPERTIES
};

static GParamSpec* properties[N_PROPERTIES];

G_DEFINE_TYPE(GstMediaHeapSimDevice, gst_media_heap_sim_device, GST_TYPE_BASE_TRANSFORM)

#define PARENT_CLASS GST_BASE_TRANSFORM_CLASS(gst_media_heap_sim_device_parent_class)

GType gst_media_heap_sim_device_op_get_type(void) {
    static const GEnumValue values[] = {
        {GST_MEDIA_HEAP_SIM_DEVICE_OP_IDENTITY, "Read, as a display or an encoder does",
         "identity"},
        {GST_MEDIA_HEAP_SIM_DEVICE_OP_INVERT, "Read, and write the complement of every byte",
         "invert"},
        {GST_MEDIA_HEAP_SIM_DEVICE_OP_CHECKSUM, "Read, and show the CRC-32 in checksum",
         "checksum"},
        {GST_MEDIA_HEAP_SIM_DEVICE_OP_FILL, "Write value to every byte, as a camera does", "fill"},
        {0, nullptr, nullptr},
    };
    static const GType type = g_enum_register_static("GstMediaHeapSimDeviceOp", values);
    return type;
}

static SimDevice& deviceOf(gpointer element) { return *GST_MEDIA_HEAP_SIM_DEVICE(element)->state; }

static SimDevice::Op toOp(gint value) {
    switch (value) {
    case GST_MEDIA_HEAP_SIM_DEVICE_OP_INVERT:
        return SimDevice::Op::Invert;
    case GST_MEDIA_HEAP_SIM_DEVICE_OP_CHECKSUM:
        return SimDevice::Op::Checksum;
    case GST_MEDIA_HEAP_SIM_DEVICE_OP_FILL:
        return SimDevice::Op::Fill;
    default:
        return SimDevice::Op::Identity;
    }
}

static gint fromOp(SimDevice::Op op) {
    switch (op) {
    case SimDevice::Op::Invert:
        return GST_MEDIA_HEAP_SIM_DEVICE_OP_INVERT;
    case SimDevice::Op::Checksum:
        return GST_MEDIA_HEAP_SIM_DEVICE_OP_CHECKSUM;
    case SimDevice::Op::Fill:
        return GST_MEDIA_HEAP_SIM_DEVICE_OP_FILL;
    case SimDevice::Op::Identity:
        break;
    }
    return GST_MEDIA_HEAP_SIM_DEVICE_OP_IDENTITY;
}

static gboolean gst_media_heap_sim_device_start(GstBaseTransform* trans) noexcept {
    deviceOf(trans).start();
    return TRUE;
}

static gboolean gst_media_heap_sim_device_stop(GstBaseTransform* trans) noexcept {
    deviceOf(trans).stop();
    return TRUE;
}

/* The device works in place and takes any layout, so upstream and downstream settle the memory
 * among themselves. The base class would set up a pool for copies, and stop it when it is done. */
static gboolean gst_media_heap_sim_device_decide_allocation(GstBaseTransform*,
                                                            GstQuery* query) noexcept {
    while (gst_query_get_n_allocation_pools(query) > 0)
        gst_query_remove_nth_allocation_pool(query, 0);
    return TRUE;
}

static gboolean gst_media_heap_sim_device_propose_allocation(GstBaseTransform* trans, GstQuery*,
                                                             GstQuery* query) noexcept {
    return gst_pad_peer_query(GST_BASE_TRANSFORM_SRC_PAD(trans), query);
}

static GstFlowReturn gst_media_heap_sim_device_prepare_output_buffer(GstBaseTransform* trans,
                                                                     GstBuffer* in,
                                                                     GstBuffer** out) noexcept {
    return deviceOf(trans).prepare(in, out);
}

static GstFlowReturn gst_media_heap_sim_device_transform_ip(GstBaseTransform* trans,
                                                            GstBuffer* buffer) noexcept {
    return deviceOf(trans).work(buffer);
}

static gboolean gst_media_heap_sim_device_sink_event(GstBaseTransform* trans,
                                                     GstEvent* event) noexcept {
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
        deviceOf(trans).settle();
        g_object_notify_by_pspec(G_OBJECT(trans), properties[PROP_VIOLATIONS]);
    }
    return PARENT_CLASS->sink_event(trans, event);
}

static void gst_media_heap_sim_device_set_property(GObject* object, guint id, const GValue* value,
                                                   GParamSpec* pspec) noexcept {
    SimDevice& device = deviceOf(object);
    switch (id) {
    case PROP_OP:
        device.setOp(toOp(g_value_get_enum(value)));
        break;
    case PROP_VALUE:
        device.setValue(static_cast<guint8>(g_value_get_uint(value)));
        break;
    case PROP_STRICT:
        device.setStrict(g_value_get_boolean(value));
        break;
    case PROP_ASYNC:
        device.setAsync(g_value_get_boolean(value));
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void gst_media_heap_sim_device_get_property(GObject* object, guint id, GValue* value,
                                                   GParamSpec* pspec) noexcept {
    const SimDevice& device = deviceOf(object);
    switch (id) {
    case PROP_OP:
        g_value_set_enum(value, fromOp(device.op()));
        break;
    case PROP_VALUE:
        g_value_set_uint(value, device.value());
        break;
    case PROP_STRICT:
        g_value_set_boolean(value, device.isStrict());
        break;
    case PROP_ASYNC:
        g_value_set_boolean(value, device.isAsync());
        break;
    case PROP_CHECKSUM:
        g_value_set_uint(value, device.checksum());
        break;
    case PROP_VIOLATIONS:
        g_value_set_uint64(value, device.violations());
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void gst_media_heap_sim_device_finalize(GObject* object) noexcept {
    delete GST_MEDIA_HEAP_SIM_DEVICE(object)->state;
    G_OBJECT_CLASS(gst_media_heap_sim_device_parent_class)->finalize(object);
}

static void gst_media_heap_sim_device_init(GstMediaHeapSimDevice* self) {
    GstBaseTransform* trans = GST_BASE_TRANSFORM(self);
    self->state = new SimDevice(trans);
    gst_base_transform_set_in_place(trans, TRUE);
    gst_base_transform_set_gap_aware(trans, TRUE);
}

static void installProperties(GObjectClass* klass) {
    const auto changeable =
        static_cast<GParamFlags>(G_PARAM_READWRITE | GST_PARAM_MUTABLE_PLAYING |
                                 GST_PARAM_DOC_SHOW_DEFAULT | G_PARAM_STATIC_STRINGS);
    const auto readable = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

    /**
     * GstMediaHeapSimDevice:op:
     *
     * What the device does with the bytes of each buffer, padding between lines included. A change
     * takes effect with the next buffer.
     *
     * Since: 0.1
     */
    properties[PROP_OP] = g_param_spec_enum(
        "op", "Operation", "What the device does with the bytes of each buffer",
        GST_TYPE_MEDIA_HEAP_SIM_DEVICE_OP, GST_MEDIA_HEAP_SIM_DEVICE_OP_IDENTITY, changeable);

    /**
     * GstMediaHeapSimDevice:value:
     *
     * Since: 0.1
     */
    properties[PROP_VALUE] = g_param_spec_uint(
        "value", "Value", "The byte that op=fill writes everywhere", 0, G_MAXUINT8, 0, changeable);

    /**
     * GstMediaHeapSimDevice:strict:
     *
     * Whether a mistake with the caches that the device was a party to ends the stream with an
     * error. Otherwise the first of each kind on each block is a warning.
     *
     * Since: 0.1
     */
    properties[PROP_STRICT] = g_param_spec_boolean(
        "strict", "Strict",
        "Whether a missing or wrong sync is an error that ends the stream, instead of a warning",
        FALSE, changeable);

    /**
     * GstMediaHeapSimDevice:async:
     *
     * Whether the buffer goes on while the device still works on it, on a thread of its own. Who
     * maps the buffer then waits for the device's fence. op=checksum is done at once in any case.
     *
     * Since: 0.1
     */
    properties[PROP_ASYNC] = g_param_spec_boolean(
        "async", "Asynchronous",
        "Whether buffers go on while the device still works on them, with a fence that the next "
        "map waits for; op=checksum never does",
        FALSE, changeable);

    /**
     * GstMediaHeapSimDevice:checksum:
     *
     * The CRC-32 (ISO-HDLC, as zlib's) of what the device saw of the last buffer that passed with
     * op=checksum. Notified for each such buffer.
     *
     * Since: 0.1
     */
    properties[PROP_CHECKSUM] = g_param_spec_uint(
        "checksum", "Checksum",
        "CRC-32, as zlib's, of the last buffer with op=checksum as the device saw it", 0,
        G_MAXUINT32, 0, readable);

    /**
     * GstMediaHeapSimDevice:violations:
     *
     * How many mistakes with the caches the device was a party to since the stream began. Notified
     * when there are more, and at the end of the stream.
     *
     * Since: 0.1
     */
    properties[PROP_VIOLATIONS] = g_param_spec_uint64(
        "violations", "Violations",
        "Missing and wrong syncs since the stream began that this device ran into", 0, G_MAXUINT64,
        0, readable);

    g_object_class_install_properties(klass, N_PROPERTIES, properties);
    gst_type_mark_as_plugin_api(GST_TYPE_MEDIA_HEAP_SIM_DEVICE_OP,
                                static_cast<GstPluginAPIFlags>(0));
}

static void gst_media_heap_sim_device_class_init(GstMediaHeapSimDeviceClass* klass) {
    GObjectClass* objectClass = G_OBJECT_CLASS(klass);
    objectClass->set_property = gst_media_heap_sim_device_set_property;
    objectClass->get_property = gst_media_heap_sim_device_get_property;
    objectClass->finalize = gst_media_heap_sim_device_finalize;
    installProperties(objectClass);

    GstElementClass* elementClass = GST_ELEMENT_CLASS(klass);
    gst_element_class_add_pad_template(
        elementClass, gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_CAPS_ANY));
    gst_element_class_add_pad_template(
        elementClass, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_CAPS_ANY));
    gst_element_class_set_static_metadata(
        elementClass, "Simulated media heap device", "Testing/Hardware",
        "Plays hardware on memory of a simulated heap, and tells of missing and wrong syncs",
        "The mediaheap developers");

    GstBaseTransformClass* transformClass = GST_BASE_TRANSFORM_CLASS(klass);
    transformClass->start = gst_media_heap_sim_device_start;
    transformClass->stop = gst_media_heap_sim_device_stop;
    transformClass->decide_allocation = gst_media_heap_sim_device_decide_allocation;
    transformClass->propose_allocation = gst_media_heap_sim_device_propose_allocation;
    transformClass->prepare_output_buffer = gst_media_heap_sim_device_prepare_output_buffer;
    transformClass->transform_ip = gst_media_heap_sim_device_transform_ip;
    transformClass->sink_event = gst_media_heap_sim_device_sink_event;
}
