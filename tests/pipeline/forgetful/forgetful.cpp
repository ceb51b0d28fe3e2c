// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An element with a mistake, for the tests: `forgetful` draws into each frame over a map that does
// no sync, and opens no session for it.
#include <cstring>

#include <gst/base/gstbasetransform.h>
#include <gst/mediaheap/mediaheap.h>

#define PACKAGE "mediaheap"

G_DECLARE_FINAL_TYPE(Forgetful, forgetful, TEST, FORGETFUL, GstBaseTransform)

struct _Forgetful {
    GstBaseTransform parent;
};

G_DEFINE_TYPE(Forgetful, forgetful, GST_TYPE_BASE_TRANSFORM)

static GstFlowReturn forgetful_transform_ip(GstBaseTransform*, GstBuffer* buffer) noexcept {
    GstMapInfo map;
    const auto unsynced = static_cast<GstMapFlags>(GST_MAP_WRITE | GST_MAP_MEDIA_HEAP_MANUAL_SYNC);
    if (!gst_buffer_map(buffer, &map, unsynced))
        return GST_FLOW_ERROR;
    // What differs from the frame on any frame.
    for (gsize i = 0; i < MIN(map.size, gsize{256}); i++)
        map.data[i] ^= 0x5a;
    gst_buffer_unmap(buffer, &map);
    return GST_FLOW_OK;
}

/* The pool of the heap downstream is what the mistake is made in. */
static gboolean forgetful_propose_allocation(GstBaseTransform* trans, GstQuery*,
                                             GstQuery* query) noexcept {
    return gst_pad_peer_query(GST_BASE_TRANSFORM_SRC_PAD(trans), query);
}

static void forgetful_init(Forgetful* self) {
    gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
}

static void forgetful_class_init(ForgetfulClass* klass) {
    GstElementClass* element = GST_ELEMENT_CLASS(klass);
    gst_element_class_add_pad_template(
        element, gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_CAPS_ANY));
    gst_element_class_add_pad_template(
        element, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_CAPS_ANY));
    gst_element_class_set_static_metadata(element, "Forgetful filter", "Testing",
                                          "Writes to frames without a sync",
                                          "The mediaheap developers");
    GST_BASE_TRANSFORM_CLASS(klass)->transform_ip = forgetful_transform_ip;
    GST_BASE_TRANSFORM_CLASS(klass)->propose_allocation = forgetful_propose_allocation;
}

static gboolean plugin_init(GstPlugin* plugin) {
    return gst_element_register(plugin, "forgetful", GST_RANK_NONE, forgetful_get_type());
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, forgetful, "Mistakes to be found",
                  plugin_init, "0.1", "LGPL", "mediaheap", "Unknown package origin")
