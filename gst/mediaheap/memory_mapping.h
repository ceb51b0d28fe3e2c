// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace mediaheap::gst {

/// GstMemoryMapFullFunction: opens an access of the root memory's block for the READ and WRITE bits
/// of the flags, and gives its one mapping. Without either there is no access, only the address.
gpointer mapMemory(GstMemory* memory, GstMapInfo* info, gsize maxsize) noexcept;

/// GstMemoryUnmapFullFunction: closes what mapMemory() has opened.
void unmapMemory(GstMemory* memory, GstMapInfo* info) noexcept;

/// One line in the category GST_PERFORMANCE, where GStreamer says so of its own copies.
void logCopy(GstMemory* from, GstMemory* to, gsize size);

} // namespace mediaheap::gst
