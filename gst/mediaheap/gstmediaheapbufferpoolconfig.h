/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/mediaheap/mediaheap-prelude.h>

G_BEGIN_DECLS

/**
 * GstMediaHeapWhenFull:
 * @GST_MEDIA_HEAP_WHEN_FULL_RECLAIM: have the heap's other pools free what they can do without;
 * where that is not enough, wait
 * @GST_MEDIA_HEAP_WHEN_FULL_WAIT: wait for what others give back by themselves
 * @GST_MEDIA_HEAP_WHEN_FULL_FAIL: fail at once, with the reason
 *
 * What a pool does when it has fewer buffers than its minimum and the heap has no memory for more.
 *
 * Since: 0.1
 */
typedef enum {
    GST_MEDIA_HEAP_WHEN_FULL_RECLAIM,
    GST_MEDIA_HEAP_WHEN_FULL_WAIT,
    GST_MEDIA_HEAP_WHEN_FULL_FAIL,
} GstMediaHeapWhenFull;

#define GST_TYPE_MEDIA_HEAP_WHEN_FULL (gst_media_heap_when_full_get_type())
GST_MEDIA_HEAP_API
GType gst_media_heap_when_full_get_type(void);

/**
 * GST_MEDIA_HEAP_DEFAULT_MAX_WAIT:
 *
 * How long a pool waits for memory that others have, in nanoseconds, where its configuration does
 * not say: two seconds. When a stream changes its format, the old frames are let go as the new ones
 * push them out, and a queue of GStreamer's default length takes a second for that.
 *
 * Since: 0.1
 */
#define GST_MEDIA_HEAP_DEFAULT_MAX_WAIT G_GUINT64_CONSTANT(2000000000)

GST_MEDIA_HEAP_API
void gst_media_heap_buffer_pool_config_set_max_bytes(GstStructure* config, guint64 max_bytes);

GST_MEDIA_HEAP_API
guint64 gst_media_heap_buffer_pool_config_get_max_bytes(const GstStructure* config);

GST_MEDIA_HEAP_API
void gst_media_heap_buffer_pool_config_set_when_full(GstStructure* config,
                                                     GstMediaHeapWhenFull when_full,
                                                     GstClockTime max_wait);

GST_MEDIA_HEAP_API
GstMediaHeapWhenFull gst_media_heap_buffer_pool_config_get_when_full(const GstStructure* config,
                                                                     GstClockTime* max_wait);

G_END_DECLS
