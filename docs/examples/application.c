/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An application that makes frames and takes frames: appsrc is fed from a pool of the heap, and
 * what appsink gives is that memory, without a copy. */
#include <gst/app/app.h>
#include <gst/mediaheap/mediaheap.h>

static const char caps_text[] = "video/x-raw,format=NV12,width=640,height=360,framerate=30/1";
static const int frames = 10;

/* Heap string, cause and remedy. */
static void on_failure(GstBufferPool* pool, const gchar* reason, gpointer unused) {
    (void)pool;
    (void)unused;
    g_printerr("%s\n", reason);
}

/* A pool of NV12 frames, ready for use; NULL after a message. */
static GstBufferPool* new_pool(GstMediaHeap* heap, GstCaps* caps) {
    GstBufferPool* pool = gst_media_heap_buffer_pool_new(heap);
    GstStructure* config = gst_buffer_pool_get_config(pool);
    g_signal_connect(pool, "allocation-failed", G_CALLBACK(on_failure), NULL);
    /* Size 0: the pool knows what such a frame takes. */
    gst_buffer_pool_config_set_params(config, caps, 0, 3, 3);
    if (gst_buffer_pool_set_config(pool, config) && gst_buffer_pool_set_active(pool, TRUE))
        return pool;
    g_printerr("the pool does not start\n");
    gst_object_unref(pool);
    return NULL;
}

/* Draws a frame and sends it. Waits while all three are under way: that is the pool's doing. */
static gboolean send_frame(GstAppSrc* source, GstBufferPool* pool, int number) {
    GstBuffer* buffer = NULL;
    if (gst_buffer_pool_acquire_buffer(pool, &buffer, NULL) != GST_FLOW_OK)
        return FALSE;
    gst_buffer_memset(buffer, 0, (guint8)(16 * number), gst_buffer_get_size(buffer));
    GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(number, GST_SECOND, 30);
    return gst_app_src_push_buffer(source, buffer) == GST_FLOW_OK;
}

/* Looks at a frame that has arrived. */
static gboolean receive_frame(GstAppSink* sink, int number) {
    GstSample* sample = gst_app_sink_pull_sample(sink);
    GstBuffer* buffer = sample ? gst_sample_get_buffer(sample) : NULL;
    GstMapInfo map;
    gboolean good = FALSE;
    /* The map does the cache maintenance, once. */
    if (buffer && gst_buffer_map(buffer, &map, GST_MAP_READ)) {
        good = gst_is_media_heap_memory(map.memory) && map.data[0] == 16 * number;
        gst_buffer_unmap(buffer, &map);
    }
    if (sample)
        gst_sample_unref(sample);
    return good;
}

int main(int argc, char** argv) {
    GstMediaHeap* heap;
    GstBufferPool* pool;
    GstElement *pipeline, *source, *sink;
    GstCaps* caps;
    GError* error = NULL;
    int number, good = 0;

    gst_init(&argc, &argv);
    heap = gst_media_heap_open("auto,size=16M,zone=application", &error);
    if (!heap) {
        g_printerr("%s\n", error->message);
        g_error_free(error);
        return 1;
    }
    pipeline = gst_parse_launch("appsrc name=in format=time ! appsink name=out sync=false", &error);
    if (!pipeline) {
        g_printerr("%s\n", error->message);
        g_error_free(error);
        gst_object_unref(heap);
        return 1;
    }
    caps = gst_caps_from_string(caps_text);
    source = gst_bin_get_by_name(GST_BIN(pipeline), "in");
    sink = gst_bin_get_by_name(GST_BIN(pipeline), "out");
    gst_app_src_set_caps(GST_APP_SRC(source), caps);
    pool = new_pool(heap, caps);
    gst_caps_unref(caps);

    if (pool) {
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
        for (number = 0; number < frames; number++) {
            if (send_frame(GST_APP_SRC(source), pool, number) &&
                receive_frame(GST_APP_SINK(sink), number))
                good++;
        }
        gst_element_set_state(pipeline, GST_STATE_NULL);
        gst_buffer_pool_set_active(pool, FALSE);
        gst_object_unref(pool);
    }
    g_print("%d of %d frames came through %s without a copy\n", good, frames,
            gst_media_heap_get_description(heap));

    gst_object_unref(source);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    gst_object_unref(heap);
    return good == frames ? 0 : 1;
}
