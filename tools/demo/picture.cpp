// SPDX-License-Identifier: LGPL-2.1-or-later
#include "picture.h"

#include "bus.h"

namespace demo {

std::string writePicture(GstBuffer* frame, GstCaps* caps, const std::string& path) {
    g_autoptr(GError) error = nullptr;
    g_autoptr(GstElement) pipeline = gst_parse_launch_full(
        "appsrc name=source format=time ! mediaheapdownload ! videoconvert ! pngenc snapshot=true "
        "! filesink name=file",
        nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    if (!pipeline)
        return error->message;
    gst_object_ref_sink(pipeline);
    g_autoptr(GstElement) file = gst_bin_get_by_name(GST_BIN(pipeline), "file");
    g_object_set(file, "location", path.c_str(), nullptr);
    g_autoptr(GstElement) source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
    g_object_set(source, "caps", caps, nullptr);

    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstFlowReturn flow = GST_FLOW_ERROR;
    g_signal_emit_by_name(source, "push-buffer", frame, &flow);
    g_signal_emit_by_name(source, "end-of-stream", &flow);
    const std::string failed = waitForEnd(pipeline);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    return failed;
}

} // namespace demo
