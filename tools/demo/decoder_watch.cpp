// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decoder_watch.h"

#include <gst/mediaheap/mediaheap.h>

namespace demo {

namespace {

bool isVideoDecoder(GstElement* element) {
    GstElementFactory* factory = gst_element_get_factory(element);
    return factory &&
           gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_DECODER |
                                                         GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO |
                                                         GST_ELEMENT_FACTORY_TYPE_MEDIA_IMAGE);
}

bool isInHeap(GstBuffer* buffer) {
    const guint count = gst_buffer_n_memory(buffer);
    for (guint i = 0; i < count; i++) {
        if (!gst_is_media_heap_memory(gst_buffer_peek_memory(buffer, i)))
            return false;
    }
    return count > 0;
}

} // namespace

DecoderWatch::~DecoderWatch() {
    if (!pad_)
        return;
    gst_pad_remove_probe(pad_, probe_);
    gst_object_unref(pad_);
}

void DecoderWatch::watch(GstElement* decoder) {
    const std::lock_guard lock(mutex_);
    if (pad_)
        return;
    pad_ = gst_element_get_static_pad(decoder, "src");
    if (!pad_)
        return;
    name_ = GST_OBJECT_NAME(gst_element_get_factory(decoder));
    probe_ = gst_pad_add_probe(pad_, GST_PAD_PROBE_TYPE_BUFFER, onFrame, this, nullptr);
}

void DecoderWatch::watchWithin(GstElement* bin) {
    g_signal_connect(bin, "deep-element-added", G_CALLBACK(onElementAdded), this);
}

std::string DecoderWatch::decoderName() const {
    const std::lock_guard lock(mutex_);
    return name_;
}

GstPadProbeReturn DecoderWatch::onFrame(GstPad*, GstPadProbeInfo* info, gpointer self) {
    auto* watch = static_cast<DecoderWatch*>(self);
    watch->frames_++;
    if (isInHeap(GST_PAD_PROBE_INFO_BUFFER(info)))
        watch->framesInHeap_++;
    return GST_PAD_PROBE_OK;
}

void DecoderWatch::onElementAdded(GstBin*, GstBin*, GstElement* element, gpointer self) {
    if (isVideoDecoder(element))
        static_cast<DecoderWatch*>(self)->watch(element);
}

} // namespace demo
