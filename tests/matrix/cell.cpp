// SPDX-License-Identifier: LGPL-2.1-or-later
// Plays a pipeline once for each heap and prints, one `key value` a line, what its frames were when
// they met the element that the cell is about:
//   matrix-cell METER PIPELINE [--then PIPELINE] HEAP...
// METER is `ELEMENT.sink` (frames arrive there) or `ELEMENT.src` (frames are born there). @HEAP@ in
// a pipeline stands for the heap's element; the heap `none` puts none there. The second pipeline is
// started when the first has prerolled: it receives what the first one sends. What reaches an
// element called `checked` is summed, so that a run without a heap can be compared. What GStreamer
// logs at the level of a warning or above is printed with the line of its code that says so.
#include <dlfcn.h>
#include <gst/gst.h>
#include <gst/mediaheap/mediaheap.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <set>
#include <string>

namespace {

constexpr GstClockTime patience = 200 * GST_SECOND; // emulated machines take their time

struct ObjectDeleter {
    void operator()(gpointer object) const { gst_object_unref(object); }
};
using Element = std::unique_ptr<GstElement, ObjectDeleter>;

/// What passed the meter, counted on the streaming threads.
struct Meter {
    GMutex mutex;
    unsigned frames = 0;
    unsigned inHeap = 0;
    gsize bytes = 0;
    std::set<GstMemory*> memories;
    std::string caps;

    Meter() { g_mutex_init(&mutex); }
    ~Meter() { g_mutex_clear(&mutex); }

    void take(GstBuffer* buffer) {
        g_mutex_lock(&mutex);
        ++frames;
        bool all = gst_buffer_n_memory(buffer) > 0;
        for (guint i = 0; i < gst_buffer_n_memory(buffer); ++i) {
            GstMemory* memory = gst_buffer_peek_memory(buffer, i);
            GstMemory* root = memory->parent != nullptr ? memory->parent : memory;
            all = all && gst_is_media_heap_memory(root);
            memories.insert(root);
        }
        inHeap += all ? 1 : 0;
        bytes += gst_buffer_get_size(buffer);
        g_mutex_unlock(&mutex);
    }
};

GstPadProbeReturn passing(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
    auto* meter = static_cast<Meter*>(data);
    if (meter->caps.empty()) {
        if (GstCaps* caps = gst_pad_get_current_caps(pad); caps != nullptr) {
            gchar* text = gst_caps_to_string(caps);
            meter->caps = text;
            g_free(text);
            gst_caps_unref(caps);
        }
    }
    if (GstBuffer* buffer = gst_pad_probe_info_get_buffer(info); buffer != nullptr)
        meter->take(buffer);
    else if (GstBufferList* list = gst_pad_probe_info_get_buffer_list(info); list != nullptr)
        for (guint i = 0; i < gst_buffer_list_length(list); ++i)
            meter->take(gst_buffer_list_get(list, i));
    return GST_PAD_PROBE_OK;
}

GstPadProbeReturn summing(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* sum = static_cast<std::uint64_t*>(data);
    GstBuffer* buffer = gst_pad_probe_info_get_buffer(info);
    GstMapInfo map;
    if (buffer == nullptr || !gst_buffer_map(buffer, &map, GST_MAP_READ))
        return GST_PAD_PROBE_OK;
    for (gsize i = 0; i < map.size; ++i)
        *sum = (*sum ^ map.data[i]) * 0x100000001b3ULL; // FNV-1a
    gst_buffer_unmap(buffer, &map);
    return GST_PAD_PROBE_OK;
}

void watch(GstElement* pipeline, const char* name, const char* pad, GstPadProbeCallback callback,
           gpointer data) {
    Element element(gst_bin_get_by_name(GST_BIN(pipeline), name));
    if (!element)
        return;
    GValue item = G_VALUE_INIT;
    GstIterator* pads = gst_element_iterate_pads(element.get());
    const bool sinks = std::string(pad) == "sink";
    while (gst_iterator_next(pads, &item) == GST_ITERATOR_OK) {
        GstPad* each = GST_PAD(g_value_get_object(&item));
        if (GST_PAD_IS_SINK(each) == sinks)
            gst_pad_add_probe(
                each, GstPadProbeType(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
                callback, data, nullptr);
        g_value_reset(&item);
    }
    g_value_unset(&item);
    gst_iterator_free(pads);
}

void printStats(GstElement* pipeline) {
    Element upload(gst_bin_get_by_name(GST_BIN(pipeline), "upload"));
    if (!upload ||
        g_object_class_find_property(G_OBJECT_GET_CLASS(upload.get()), "stats") == nullptr)
        return;
    GstStructure* stats = nullptr;
    g_object_get(upload.get(), "stats", &stats, nullptr);
    for (const char* key : {"buffers-passed", "buffers-copied", "bytes-copied"}) {
        guint64 value = 0;
        if (gst_structure_get_uint64(stats, key, &value))
            std::printf("%s %" G_GUINT64_FORMAT "\n", key, value);
    }
    gst_structure_free(stats);
}

/// Waits for the end; prints the error that came instead. True after an end of stream.
bool awaitEnd(GstElement* pipeline, GstClockTime limit) {
    GstBus* bus = gst_element_get_bus(pipeline);
    GstMessage* message =
        gst_bus_timed_pop_filtered(bus, limit, GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
    gst_object_unref(bus);
    if (message == nullptr) {
        std::printf("error ran past its limit\n");
        return false;
    }
    const bool ended = GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
    if (!ended) {
        GError* error = nullptr;
        gchar* debug = nullptr;
        gst_message_parse_error(message, &error, &debug);
        std::string details = debug != nullptr ? debug : "";
        for (char& c : details)
            if (c == '\n')
                c = ' ';
        std::printf("error %s\ndetails %s\n", error->message, details.c_str());
        g_error_free(error);
        g_free(debug);
    }
    gst_message_unref(message);
    return ended;
}

void replaceAll(std::string& text, const std::string& mark, const std::string& with) {
    for (std::size_t at; (at = text.find(mark)) != std::string::npos;)
        text.replace(at, mark.size(), with);
}

Element parse(std::string description, const std::string& heap) {
    const bool plain = heap == "none";
    replaceAll(description, "@HEAP@",
               plain ? "identity" : "mediaheapupload name=upload heap=" + heap);
    // Without a heap there is nothing to import.
    if (plain)
        replaceAll(description, "dmabuf-import", "auto");
    GError* error = nullptr;
    Element pipeline(gst_parse_launch(description.c_str(), &error));
    if (error == nullptr)
        return pipeline;
    std::printf("error %s\n", error->message);
    g_error_free(error);
    return nullptr;
}

void say(GstDebugCategory* category, GstDebugLevel level, const gchar* file, const gchar* function,
         gint line, GObject*, GstDebugMessage* message, gpointer) {
    if (level > GST_LEVEL_WARNING && level > gst_debug_category_get_threshold(category))
        return;
    const gchar* slash = std::strrchr(file, '/');
    std::printf("log %s %s:%d %s: %s\n", gst_debug_level_get_name(level),
                slash != nullptr ? slash + 1 : file, line, function,
                gst_debug_message_get(message));
}

class Cell {
public:
    Cell(std::string meter, std::string first, std::string second)
        : pad_(meter.substr(meter.find('.') + 1)), element_(meter.substr(0, meter.find('.'))),
          first_(std::move(first)), second_(std::move(second)) {}

    void play(const std::string& heap) const {
        Meter meter;
        std::uint64_t sum = 0xcbf29ce484222325ULL;
        Element first = parse(first_, heap);
        Element second = second_.empty() ? nullptr : parse(second_, heap);
        if (!first || (!second && !second_.empty()))
            return;
        watch(first.get(), element_.c_str(), pad_.c_str(), passing, &meter);
        watch(second ? second.get() : first.get(), "checked", "sink", summing, &sum);
        if (second) {
            gst_element_set_state(first.get(), GST_STATE_PAUSED);
            gst_element_get_state(first.get(), nullptr, nullptr, GST_SECOND);
            gst_element_set_state(second.get(), GST_STATE_PLAYING);
        }
        gst_element_set_state(first.get(), GST_STATE_PLAYING);
        bool ended = awaitEnd(first.get(), patience);
        if (second)
            ended = awaitEnd(second.get(), ended ? patience : GST_SECOND) && ended;
        printStats(first.get());
        gst_element_set_state(first.get(), GST_STATE_NULL);
        if (second)
            gst_element_set_state(second.get(), GST_STATE_NULL);
        std::printf("frames %u\nin-heap %u\nbytes %" G_GSIZE_FORMAT
                    "\nmemories %zu\nsum %016" G_GINT64_MODIFIER "x\ncaps %s\nended %d\n",
                    meter.frames, meter.inHeap, meter.bytes, meter.memories.size(), sum,
                    meter.caps.c_str(), ended ? 1 : 0);
    }

private:
    const std::string pad_, element_, first_, second_;
};

} // namespace

int main(int argc, char** argv) {
    setvbuf(stdout, nullptr, _IOLBF, 0);
    gst_init(&argc, &argv);
    gst_debug_set_default_threshold(GST_LEVEL_WARNING);
    gst_debug_remove_log_function(gst_debug_log_default);
    gst_debug_add_log_function(say, nullptr, nullptr);
    if (argc < 4)
        return 2;
    int next = 3;
    std::string second;
    if (std::string(argv[next]) == "--then" && argc > 5) {
        second = argv[next + 1];
        next += 2;
    }
    const Cell cell(argv[1], argv[2], second);
    const auto report = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "matrix_witness_report"));
    for (; next < argc; ++next) {
        std::printf("cell %s\n", argv[next]);
        cell.play(argv[next]);
        if (report != nullptr)
            report();
        std::printf("over\n");
    }
    return 0;
}
