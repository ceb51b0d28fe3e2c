// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include <gst/gst.h>

namespace demo {

/// The text of an error or warning message, with the element that sent it.
std::string textOf(GstMessage* message);

/// Prints the warnings on the bus of @p pipeline, and returns the text of the first error that is
/// waiting there; empty when there is none.
std::string takeMessages(GstElement* pipeline);

/// Waits until a running pipeline is done: empty when it came to its end, else the error.
std::string waitForEnd(GstElement* pipeline);

} // namespace demo
