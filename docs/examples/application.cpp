// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An application that gives its own heap to the elements of a pipeline, and reads what they made in
// it: videotestsrc draws into the pool that mediaheapupload lends it, and appsink has those frames.
#include <iostream>
#include <memory>

#include <gst/app/app.h>
#include <gst/mediaheap/mediaheap.h>

namespace {

struct Unref {
    void operator()(gpointer object) const { gst_object_unref(object); }
    void operator()(GstSample* sample) const { gst_sample_unref(sample); }
    void operator()(GstContext* context) const { gst_context_unref(context); }
};
template <typename T> using Owned = std::unique_ptr<T, Unref>;

/// Whether @p sample is a frame in @p heap.
bool isIn(GstMediaHeap* heap, GstSample* sample) {
    GstMemory* memory = gst_buffer_peek_memory(gst_sample_get_buffer(sample), 0);
    if (!gst_is_media_heap_memory(memory))
        return false;
    return Owned<GstMediaHeap>(gst_media_heap_memory_get_heap(memory)).get() == heap;
}

} // namespace

int main(int argc, char** argv) {
    gst_init(&argc, &argv);

    GError* error = nullptr;
    const Owned<GstMediaHeap> heap(gst_media_heap_open("auto,size=32M,zone=mine", &error));
    const Owned<GstElement> pipeline(
        heap ? gst_parse_launch("videotestsrc num-buffers=10 ! "
                                "video/x-raw,format=NV12,width=640,height=360 ! "
                                "mediaheapupload ! appsink name=out sync=false",
                                &error)
             : nullptr);
    if (!pipeline || error != nullptr) {
        std::cerr << error->message << "\n";
        g_error_free(error);
        return 1;
    }

    // Elements whose heap is `auto` take this one, if they have it before they leave NULL.
    const Owned<GstContext> context(gst_context_new(GST_MEDIA_HEAP_CONTEXT_TYPE, TRUE));
    gst_context_set_media_heap(context.get(), heap.get());
    gst_element_set_context(pipeline.get(), context.get());

    const Owned<GstElement> sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    int frames = 0;
    int inHeap = 0;
    while (const Owned<GstSample> sample{gst_app_sink_pull_sample(GST_APP_SINK(sink.get()))}) {
        ++frames;
        inHeap += isIn(heap.get(), sample.get()) ? 1 : 0;
    }
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    std::cout << inHeap << " of " << frames << " frames are in "
              << gst_media_heap_get_description(heap.get()) << "\n";
    return frames == 10 && inHeap == frames ? 0 : 1;
}
