// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus.h"

#include <cstdio>

namespace demo {

std::string textOf(GstMessage* message) {
    g_autoptr(GError) error = nullptr;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING)
        gst_message_parse_warning(message, &error, nullptr);
    else
        gst_message_parse_error(message, &error, nullptr);
    return std::string(GST_MESSAGE_SRC_NAME(message)) + ": " + error->message;
}

std::string takeMessages(GstElement* pipeline) {
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    std::string first;
    constexpr auto wanted = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
    while (GstMessage* message = gst_bus_pop_filtered(bus, wanted)) {
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING)
            std::printf("Warning: %s\n", textOf(message).c_str());
        else if (first.empty())
            first = textOf(message);
        gst_message_unref(message);
    }
    return first;
}

std::string waitForEnd(GstElement* pipeline) {
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    constexpr auto wanted = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
    g_autoptr(GstMessage) message = gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, wanted);
    return GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS ? "" : textOf(message);
}

} // namespace demo
