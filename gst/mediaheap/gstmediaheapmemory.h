/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/mediaheap/gstmediaheap.h>

G_BEGIN_DECLS

/**
 * GST_MAP_MEDIA_HEAP_MANUAL_SYNC:
 *
 * A flag for gst_memory_map() and gst_buffer_map(), to be combined with the access: the map only
 * gives the address, and does no cache maintenance. Touch the memory between
 * gst_media_heap_memory_begin_access() and gst_media_heap_memory_end_access() only. For those who
 * keep memory mapped for long and know best when they touch it, and how.
 *
 * Memory that is not of a #GstMediaHeap is mapped as without the flag: its allocator knows no other
 * sync than that of a map.
 *
 * The bit is none of those that GstVideoFrameMapFlags and GstRTPBufferMapFlags reserve (16 to 23),
 * where other allocators have flags of their own, too.
 *
 * Since: 0.1
 */
#define GST_MAP_MEDIA_HEAP_MANUAL_SYNC (GST_MAP_FLAG_LAST << 12)

GST_MEDIA_HEAP_API
gboolean gst_is_media_heap_memory(GstMemory* mem);

GST_MEDIA_HEAP_API
GstMediaHeap* gst_media_heap_memory_get_heap(GstMemory* mem);

GST_MEDIA_HEAP_API
gboolean gst_media_heap_memory_is_cached(GstMemory* mem);

GST_MEDIA_HEAP_API
gint gst_media_heap_memory_export_read_only_fd(GstMemory* mem, GError** error);

GST_MEDIA_HEAP_API
gboolean gst_media_heap_memory_begin_access(GstMemory* mem, GstMapFlags access, GError** error);

GST_MEDIA_HEAP_API
gboolean gst_media_heap_memory_end_access(GstMemory* mem, GError** error);

GST_MEDIA_HEAP_API
gboolean gst_media_heap_memory_import_fence(GstMemory* mem, gint fence, GstMapFlags access,
                                            GError** error);

GST_MEDIA_HEAP_API
gint gst_media_heap_memory_export_fence(GstMemory* mem, GstMapFlags access, GError** error);

GST_MEDIA_HEAP_API
gboolean gst_media_heap_memory_is_idle(GstMemory* mem, GstMapFlags access);

G_END_DECLS
