/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/mediaheap/gstmediaheap.h>

G_BEGIN_DECLS

GST_MEDIA_HEAP_API
gboolean gst_is_media_heap_memory(GstMemory* mem);

GST_MEDIA_HEAP_API
GstMediaHeap* gst_media_heap_memory_get_heap(GstMemory* mem);

GST_MEDIA_HEAP_API
gboolean gst_media_heap_memory_is_cached(GstMemory* mem);

G_END_DECLS
