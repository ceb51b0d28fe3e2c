/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/mediaheap/mediaheap-prelude.h>

G_BEGIN_DECLS

/**
 * GST_MEDIA_HEAP_CONTEXT_TYPE:
 *
 * The type of the #GstContext that carries a #GstMediaHeap.
 *
 * Since: 0.1
 */
#define GST_MEDIA_HEAP_CONTEXT_TYPE "gst.media.heap"

/**
 * GstMediaHeapReportFormat:
 * @GST_MEDIA_HEAP_REPORT_TEXT: the text of HiSilicon's /proc/media-mem
 * @GST_MEDIA_HEAP_REPORT_JSON: everything known, as JSON
 *
 * Since: 0.1
 */
typedef enum {
    GST_MEDIA_HEAP_REPORT_TEXT,
    GST_MEDIA_HEAP_REPORT_JSON,
} GstMediaHeapReportFormat;

#define GST_TYPE_MEDIA_HEAP (gst_media_heap_get_type())
GST_MEDIA_HEAP_API
G_DECLARE_FINAL_TYPE(GstMediaHeap, gst_media_heap, GST, MEDIA_HEAP, GstObject)

GST_MEDIA_HEAP_API
GstMediaHeap* gst_media_heap_open(const gchar* heap, GError** error);

GST_MEDIA_HEAP_API
const gchar* gst_media_heap_get_description(GstMediaHeap* heap);

GST_MEDIA_HEAP_API
gboolean gst_media_heap_is_dmabuf(GstMediaHeap* heap);

GST_MEDIA_HEAP_API
gchar** gst_media_heap_get_passed_over(GstMediaHeap* heap);

GST_MEDIA_HEAP_API
GstAllocator* gst_media_heap_get_allocator(GstMediaHeap* heap);

GST_MEDIA_HEAP_API
GstMemory* gst_media_heap_wrap_fd(GstMediaHeap* heap, gint fd, gsize size, GError** error);

GST_MEDIA_HEAP_API
GstStructure* gst_media_heap_get_stats(GstMediaHeap* heap);

GST_MEDIA_HEAP_API
gchar* gst_media_heap_report(GstMediaHeap* heap, GstMediaHeapReportFormat format);

GST_MEDIA_HEAP_API
guint64 gst_media_heap_trim(GstMediaHeap* heap);

GST_MEDIA_HEAP_API
gboolean gst_media_heap_destroy(GstMediaHeap* heap, GError** error);

GST_MEDIA_HEAP_API
void gst_context_set_media_heap(GstContext* context, GstMediaHeap* heap);

GST_MEDIA_HEAP_API
gboolean gst_context_get_media_heap(GstContext* context, GstMediaHeap** heap);

G_END_DECLS
