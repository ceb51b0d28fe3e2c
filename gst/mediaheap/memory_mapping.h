// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include <gst/gst.h>
#include <mediaheap/block.h>

namespace mediaheap::gst {

/// What of its block an access to a memory is for, in bytes.
struct Reach {
    gsize offset = 0;
    gsize size = 0;
};

/// A part has its own bytes. Whoever maps a root may use the bytes around its data as well, and has
/// the whole block.
Reach reachOf(const GstMemory& memory, const Block& block);

/// The READ and WRITE bits of @p flags; nothing where there is neither.
std::optional<Access> accessOf(guint flags);

/// GstMemoryMapFullFunction: opens an access of the block for what @p memory reaches and the READ
/// and WRITE bits of the flags, and gives the block's one mapping. Without either bit, and with
/// GST_MAP_MEDIA_HEAP_MANUAL_SYNC, there is no access, only the address.
gpointer mapMemory(GstMemory* memory, GstMapInfo* info, gsize maxsize) noexcept;

/// GstMemoryUnmapFullFunction: closes what mapMemory() has opened.
void unmapMemory(GstMemory* memory, GstMapInfo* info) noexcept;

/// One line in the category GST_PERFORMANCE, where GStreamer says so of its own copies.
void logCopy(GstMemory* from, GstMemory* to, gsize size);

} // namespace mediaheap::gst
