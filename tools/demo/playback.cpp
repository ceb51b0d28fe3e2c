// SPDX-License-Identifier: LGPL-2.1-or-later
#include "playback.h"

#include "bus.h"

namespace demo {

namespace {

constexpr GstClockTime pollInterval = 50 * GST_MSECOND;

bool isRawVideo(GstPad* pad) {
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    if (!caps)
        caps = gst_pad_query_caps(pad, nullptr);
    return caps && !gst_caps_is_any(caps) && !gst_caps_is_empty(caps) &&
           gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw");
}

} // namespace

Playback::Playback(GstMediaHeap* heap) : heap_(GST_MEDIA_HEAP(gst_object_ref(heap))) {}

Playback::~Playback() {
    if (pipeline_)
        gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_buffer_replace(&frame_, nullptr);
    gst_caps_replace(&caps_, nullptr);
    gst_clear_object(&upload_);
    gst_clear_object(&pipeline_);
    gst_object_unref(heap_);
}

Outcome Playback::play(const std::string& description, const std::string& path,
                       const std::function<void(const std::string& report)>& onMiddle,
                       const std::function<void(guint64 frames)>& onProgress) {
    Outcome outcome;
    outcome.error = build(description, path);
    if (!outcome.error.empty())
        return outcome;
    outcome.error = run(onMiddle, onProgress);
    outcome.decoder = watch_.decoderName();
    outcome.framesDecoded = watch_.frames();
    outcome.framesInHeap = watch_.framesInHeap();
    outcome.framesShown = shown_;
    outcome.bytesCopied = bytesCopied();
    return outcome;
}

std::string Playback::build(const std::string& description, const std::string& path) {
    g_autoptr(GError) error = nullptr;
    pipeline_ =
        gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    if (!pipeline_)
        return error->message;
    gst_object_ref_sink(pipeline_);
    g_autoptr(GstElement) file = gst_bin_get_by_name(GST_BIN(pipeline_), "file");
    g_object_set(file, "location", path.c_str(), nullptr);
    upload_ = gst_bin_get_by_name(GST_BIN(pipeline_), "upload");
    // How an application sets the heap of all elements at once.
    g_autoptr(GstContext) context = gst_context_new(GST_MEDIA_HEAP_CONTEXT_TYPE, TRUE);
    gst_context_set_media_heap(context, heap_);
    gst_element_set_context(pipeline_, context);

    g_autoptr(GstPad) source = gst_element_get_static_pad(upload_, "src");
    gst_pad_add_probe(source, GST_PAD_PROBE_TYPE_BUFFER, onFrameProbe, this, nullptr);
    if (g_autoptr(GstElement) decoder = gst_bin_get_by_name(GST_BIN(pipeline_), "decoder"))
        watch_.watch(decoder);
    if (g_autoptr(GstElement) decodebin = gst_bin_get_by_name(GST_BIN(pipeline_), "decodebin")) {
        watch_.watchWithin(decodebin);
        g_signal_connect(decodebin, "pad-added", G_CALLBACK(onPadAdded), this);
    }
    return "";
}

std::string Playback::run(const std::function<void(const std::string& report)>& onMiddle,
                          const std::function<void(guint64 frames)>& onProgress) {
    if (gst_element_set_state(pipeline_, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
        const std::string error = takeMessages(pipeline_);
        return error.empty() ? "the pipeline does not start" : error;
    }
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline_);
    bool told = false;
    for (;;) {
        constexpr auto wanted = static_cast<GstMessageType>(
            GST_MESSAGE_ERROR | GST_MESSAGE_WARNING | GST_MESSAGE_EOS | GST_MESSAGE_ASYNC_DONE);
        g_autoptr(GstMessage) message = gst_bus_timed_pop_filtered(bus, pollInterval, wanted);
        onProgress(shown_);
        {
            const std::lock_guard lock(mutex_);
            if (middleReached_ && !told) {
                told = true;
                onMiddle(report_);
            }
        }
        switch (message ? GST_MESSAGE_TYPE(message) : GST_MESSAGE_UNKNOWN) {
        case GST_MESSAGE_ERROR:
            return textOf(message);
        case GST_MESSAGE_WARNING:
            g_printerr("Warning: %s\n", textOf(message).c_str());
            break;
        case GST_MESSAGE_ASYNC_DONE:
            findMiddle();
            break;
        case GST_MESSAGE_EOS:
            // A clip without a known middle was shown by its first frame.
            if (!told && frame_)
                onMiddle(report_);
            return shown_ > 0 ? "" : "there is no video in this file";
        default:
            break;
        }
    }
}

void Playback::findMiddle() {
    gint64 duration = 0;
    if (gst_element_query_duration(pipeline_, GST_FORMAT_TIME, &duration) && duration > 0)
        middle_ = static_cast<GstClockTime>(duration / 2);
}

void Playback::onFrame(GstPad* pad, GstBuffer* buffer) {
    const bool isFirst = shown_++ == 0;
    const std::lock_guard lock(mutex_);
    const GstClockTime middle = middle_;
    const bool isMiddle = !middleReached_ && GST_CLOCK_TIME_IS_VALID(middle) &&
                          GST_BUFFER_PTS_IS_VALID(buffer) && GST_BUFFER_PTS(buffer) >= middle;
    if (isFirst || isMiddle)
        keep(pad, buffer);
    middleReached_ |= isMiddle;
}

void Playback::keep(GstPad* pad, GstBuffer* buffer) {
    gst_buffer_replace(&frame_, buffer);
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    gst_caps_replace(&caps_, caps);
    g_autofree gchar* report = gst_media_heap_report(heap_, GST_MEDIA_HEAP_REPORT_TEXT);
    report_ = report;
}

guint64 Playback::bytesCopied() const {
    g_autoptr(GstStructure) stats = nullptr;
    g_object_get(upload_, "stats", &stats, nullptr);
    guint64 bytes = 0;
    gst_structure_get_uint64(stats, "bytes-copied", &bytes);
    return bytes;
}

GstPadProbeReturn Playback::onFrameProbe(GstPad* pad, GstPadProbeInfo* info, gpointer self) {
    static_cast<Playback*>(self)->onFrame(pad, GST_PAD_PROBE_INFO_BUFFER(info));
    return GST_PAD_PROBE_OK;
}

void Playback::onPadAdded(GstElement*, GstPad* pad, gpointer self) {
    auto* playback = static_cast<Playback*>(self);
    g_autoptr(GstPad) sink = gst_element_get_static_pad(playback->upload_, "sink");
    if (isRawVideo(pad) && !gst_pad_is_linked(sink)) {
        gst_pad_link(pad, sink);
        return;
    }
    // Sound and further pictures have to flow somewhere.
    GstElement* rest = gst_element_factory_make("fakesink", nullptr);
    g_object_set(rest, "sync", FALSE, "async", FALSE, nullptr);
    gst_bin_add(GST_BIN(playback->pipeline_), rest);
    g_autoptr(GstPad) restSink = gst_element_get_static_pad(rest, "sink");
    gst_pad_link(pad, restSink);
    gst_element_sync_state_with_parent(rest);
}

} // namespace demo
