// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mediaheap-measure: plays a pipeline for a while and prints, as JSON, what memory was on its way
// in it. `mediaheap plan --pipeline` runs it; the tool itself knows no GStreamer.
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unistd.h>

#include <gst/gst.h>

#include "pad_tracer.h"

namespace {

using Json = nlohmann::ordered_json;

// Longer than a pipeline of live sources takes to begin.
constexpr GstClockTime progressStep = 200 * GST_MSECOND;

struct Options {
    guint64 frames = 100;
    double seconds = 10;
    std::string pipeline;
    std::string error;
};

Options parse(int argc, char** argv) {
    Options options;
    gint64 frames = 100;
    gchar** words = nullptr;
    const GOptionEntry entries[] = {
        {"frames", 0, 0, G_OPTION_ARG_INT64, &frames, "Buffers at some pad to stop after", "N"},
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options.seconds, "Time to stop after", "S"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &words, nullptr, "PIPELINE"},
        {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- for mediaheap plan --pipeline");
    g_option_context_add_main_entries(context, entries, nullptr);
    GError* failed = nullptr;
    if (!g_option_context_parse(context, &argc, &argv, &failed)) {
        options.error = failed->message;
        g_error_free(failed);
    } else if (!words || !words[0] || words[1]) {
        options.error = "give the pipeline as one word";
    } else if (frames < 1 || options.seconds <= 0) {
        options.error = "a pipeline plays for at least a frame and some time";
    } else {
        options.frames = static_cast<guint64>(frames);
        options.pipeline = words[0];
    }
    g_strfreev(words);
    return options;
}

/// The lines of @p text, each below what it explains; nothing of none.
std::string indented(std::string_view text) {
    std::string lines;
    while (!text.empty()) {
        const size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        if (!line.empty())
            lines += "\n    " + std::string(line);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

/// Until the pipeline is done, in whatever way; how, in words. @p failed says that it failed.
std::string play(GstElement* pipeline, const Options& options, bool& failed) {
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    const gint64 begin = g_get_monotonic_time();
    const bool watched = ::isatty(STDERR_FILENO) == 1;
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    while (true) {
        g_autoptr(GstMessage) message = gst_bus_timed_pop_filtered(
            bus, progressStep,
            static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR |
                                        GST_MESSAGE_APPLICATION));
        const double played = static_cast<double>(g_get_monotonic_time() - begin) / 1e6;
        if (watched)
            std::fprintf(stderr, "\rPlaying for %.1f of at most %.0f s\033[K", played,
                         options.seconds);
        if (!message && played < options.seconds)
            continue;
        if (watched)
            std::fputs("\r\033[K", stderr);
        if (!message)
            return "its time was up";
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS)
            return "it came to its end";
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_APPLICATION)
            return "a pad had seen enough buffers";
        g_autoptr(GError) error = nullptr;
        g_autofree gchar* debug = nullptr;
        gst_message_parse_error(message, &error, &debug);
        failed = true;
        return std::string(GST_MESSAGE_SRC_NAME(message)) + ": " + error->message +
               indented(debug ? debug : "");
    }
}

/// The heaps of the elements that have one, as their `stats` tell.
Json heapsOf(GstElement* pipeline) {
    Json heaps = Json::array();
    GstIterator* elements = gst_bin_iterate_recurse(GST_BIN(pipeline));
    const auto look = [](const GValue* item, gpointer data) {
        auto* const element = GST_ELEMENT(g_value_get_object(item));
        GstElementFactory* const factory = gst_element_get_factory(element);
        if (!factory || !g_str_has_prefix(GST_OBJECT_NAME(factory), "mediaheap") ||
            !g_object_class_find_property(G_OBJECT_GET_CLASS(element), "stats"))
            return;
        GstStructure* stats = nullptr;
        g_object_get(element, "stats", &stats, nullptr);
        if (!stats)
            return;
        GstStructure* heap = nullptr;
        if (gst_structure_get(stats, "heap", GST_TYPE_STRUCTURE, &heap, nullptr) && heap) {
            guint64 size = 0;
            guint64 peak = 0;
            gst_structure_get(heap, "size", G_TYPE_UINT64, &size, "peak", G_TYPE_UINT64, &peak,
                              nullptr);
            const gchar* const description = gst_structure_get_string(heap, "description");
            static_cast<Json*>(data)->push_back(Json{{"element", GST_OBJECT_NAME(element)},
                                                     {"heap", description ? description : ""},
                                                     {"size", size},
                                                     {"peak", peak}});
            gst_structure_free(heap);
        }
        gst_structure_free(stats);
    };
    while (gst_iterator_foreach(elements, look, &heaps) == GST_ITERATOR_RESYNC) {
        heaps.clear();
        gst_iterator_resync(elements);
    }
    gst_iterator_free(elements);
    return heaps;
}

Json streamsJson(const measure::FlightLog& log) {
    Json streams = Json::array();
    for (const measure::Stream& stream : log.streams()) {
        Json json;
        json["pad"] = stream.pad;
        json["caps"] = stream.caps;
        json["pool"] = stream.pool.empty() ? Json() : Json(stream.pool);
        json["pool_min"] = stream.poolMin;
        json["pool_max"] = stream.poolMax;
        json["pool_made"] = stream.buffersMade.size();
        json["in_heap"] = stream.inHeap;
        json["pushed"] = stream.pushed;
        json["buffer_bytes"] = stream.largestBuffer;
        json["peak_buffers"] = stream.peak;
        json["peak_bytes"] = stream.peakBytes;
        streams.push_back(std::move(json));
    }
    return streams;
}

int fail(const std::string& why) {
    std::cerr << "mediaheap: " << why << "\n";
    return 1;
}

} // namespace

int main(int argc, char** argv) {
    gst_init(nullptr, nullptr);
    const Options options = parse(argc, argv);
    if (!options.error.empty())
        return fail(options.error);

    g_autoptr(GError) error = nullptr;
    GstElement* parsed = gst_parse_launch_full(options.pipeline.c_str(), nullptr,
                                               GST_PARSE_FLAG_FATAL_ERRORS, &error);
    if (!parsed)
        return fail(std::string("the pipeline cannot be made: ") + error->message);
    gst_object_ref_sink(parsed);
    if (!GST_IS_PIPELINE(parsed)) {
        gst_object_unref(parsed);
        return fail("a single element is no pipeline; give it a source and a sink");
    }

    g_autoptr(GstBus) bus = gst_element_get_bus(parsed);
    measure::PadTracer tracer(options.frames, [&] {
        gst_bus_post(bus, gst_message_new_application(nullptr, gst_structure_new_empty("enough")));
    });
    bool failed = false;
    const std::string reason = play(parsed, options, failed);
    const measure::FlightLog log = tracer.take();
    Json json;
    json["ended"] = reason;
    json["heaps"] = heapsOf(parsed);
    gst_element_set_state(parsed, GST_STATE_NULL);
    gst_object_unref(parsed);
    if (failed)
        return fail("the pipeline failed: " + reason);
    json["streams"] = streamsJson(log);
    json["peak_bytes"] = log.peakBytes();
    json["peak_heap_bytes"] = log.peakHeapBytes();
    std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << "\n" << std::flush;
    // The hooks of tracers stay in force for the rest of the process, and what they lean on ends
    // with this function.
    std::_Exit(std::cout ? 0 : 1);
}
