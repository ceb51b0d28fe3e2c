/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user's program on the GStreamer library: memory from the heap's allocator holds in its file
 * descriptor what was written through the map, and the installed plugin's element fills its buffers
 * from a heap of its own. Built against the installed files alone.
 */
#include <gst/allocators/allocators.h>
#include <gst/gst.h>
#include <gst/mediaheap/mediaheap.h>
#include <string.h>
#include <unistd.h>

static const gchar frame[] = "a frame from GStreamer";

static void fail(const gchar* why) {
    g_printerr("gst: %s\n", why);
    exit(1);
}

static void allocate_and_map(GstMediaHeap* heap) {
    GstAllocator* allocator = gst_media_heap_get_allocator(heap);
    GstMemory* memory = gst_allocator_alloc(allocator, 640 * 480, NULL);
    GstMapInfo map;
    gchar seen[sizeof frame] = "";

    if (!memory || !gst_is_media_heap_memory(memory))
        fail("the allocator gives no memory of the heap");
    if (!gst_memory_map(memory, &map, GST_MAP_WRITE))
        fail("the memory cannot be mapped");
    memcpy(map.data, frame, sizeof frame);
    gst_memory_unmap(memory, &map);
    if (!gst_is_fd_memory(memory) ||
        pread(gst_fd_memory_get_fd(memory), seen, sizeof seen, 0) != sizeof seen ||
        strcmp(seen, frame) != 0)
        fail("the descriptor does not hold what was written");
    gst_memory_unref(memory);
    gst_object_unref(allocator);
}

static void on_buffer(GstElement* sink, GstBuffer* buffer, GstPad* pad, gpointer in_heap) {
    (void)sink;
    (void)pad;
    if (gst_is_media_heap_memory(gst_buffer_peek_memory(buffer, 0)))
        (*(guint*)in_heap)++;
}

static void play(void) {
    GError* error = NULL;
    GstElement* pipeline =
        gst_parse_launch("videotestsrc num-buffers=5 ! mediaheapupload heap=memfd,zone=played "
                         "! fakesink name=sink signal-handoffs=true",
                         &error);
    GstElement* sink;
    GstBus* bus;
    GstMessage* end;
    guint in_heap = 0;

    if (!pipeline || error)
        fail(error->message);
    sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    g_signal_connect(sink, "handoff", G_CALLBACK(on_buffer), &in_heap);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    bus = gst_element_get_bus(pipeline);
    end = gst_bus_timed_pop_filtered(bus, 20 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    if (!end || GST_MESSAGE_TYPE(end) != GST_MESSAGE_EOS)
        fail("the pipeline did not reach its end");
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_message_unref(end);
    gst_object_unref(bus);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    if (in_heap != 5)
        fail("not all of 5 buffers were memory of a heap");
}

int main(int argc, char** argv) {
    GError* error = NULL;
    GstMediaHeap* heap;

    gst_init(&argc, &argv);
    heap = gst_media_heap_open("memfd,size=1M,zone=installed", &error);
    if (!heap)
        fail(error->message);
    allocate_and_map(heap);
    gst_object_unref(heap);
    play();
    return 0;
}
