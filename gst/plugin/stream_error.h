// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace mediaheap::plugin {

/// To be called by a streaming thread before it posts an error that ends the stream.
///
/// gst-launch-1.0 ends its main loop from within the bus's synchronous handler (tools/gst-launch.c,
/// bus_sync_handler()). An error in the first moments of a pipeline, such as one about its caps,
/// comes before that loop runs, is forgotten, and the program waits for ever. A pause on the way to
/// a certain end harms nobody.
void letPipelineSettle(GstElement* element);

/// Whether the pipeline of @p element plays, or is on its way to another state. One that rests in
/// PAUSED is not: there, who waits does so rightly.
bool isMeantToMove(GstElement* element);

} // namespace mediaheap::plugin
