/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A buffer pool in a media heap, for an application that feeds its own frames to a pipeline. */
#include <gst/mediaheap/mediaheap.h>

int main(int argc, char** argv) {
    GstMediaHeap* heap;
    GstBufferPool* pool;
    GstStructure* config;
    GstCaps* caps;
    GstBuffer* buffer = NULL;
    GError* error = NULL;

    gst_init(&argc, &argv);

    heap = gst_media_heap_open("auto,size=64M,zone=preview", &error);
    if (!heap) {
        g_printerr("%s\n", error->message);
        g_error_free(error);
        return 1;
    }

    pool = gst_media_heap_buffer_pool_new(heap);
    caps = gst_caps_from_string("video/x-raw,format=NV12,width=1280,height=720,framerate=30/1");
    config = gst_buffer_pool_get_config(pool);
    /* Size 0: the pool knows what an NV12 frame of this size takes. */
    gst_buffer_pool_config_set_params(config, caps, 0, 4, 0);
    gst_caps_unref(caps);

    if (gst_buffer_pool_set_config(pool, config) && gst_buffer_pool_set_active(pool, TRUE) &&
        gst_buffer_pool_acquire_buffer(pool, &buffer, NULL) == GST_FLOW_OK) {
        gchar* report;

        gst_buffer_memset(buffer, 0, 0x80, gst_buffer_get_size(buffer));
        report = gst_media_heap_report(heap, GST_MEDIA_HEAP_REPORT_TEXT);
        g_print("%s", report);
        g_free(report);
        gst_buffer_unref(buffer);
    }

    gst_buffer_pool_set_active(pool, FALSE);
    gst_object_unref(pool);
    gst_object_unref(heap);
    return buffer ? 0 : 1;
}
