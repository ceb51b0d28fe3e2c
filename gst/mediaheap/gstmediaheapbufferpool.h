/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/mediaheap/gstmediaheap.h>

G_BEGIN_DECLS

/**
 * GST_BUFFER_POOL_OPTION_MEDIA_HEAP_UNCACHED:
 *
 * An option that can be activated on a #GstMediaHeapBufferPool: the CPU mappings of its buffers
 * bypass the caches. Offered only where the heap has such mappings.
 *
 * Since: 0.1
 */
#define GST_BUFFER_POOL_OPTION_MEDIA_HEAP_UNCACHED "GstBufferPoolOptionMediaHeapUncached"

/**
 * GST_BUFFER_POOL_OPTION_MEDIA_HEAP_MEMORY_PER_PLANE:
 *
 * An option that can be activated on a #GstMediaHeapBufferPool: every plane of a frame is a memory,
 * and a descriptor, of its own, as multi-planar V4L2 formats (NM12) and importers of VA-API want
 * it. The frames then carry a #GstVideoMeta in any case. Formats of one plane stay one memory, and
 * so does what is not raw video.
 *
 * Who maps such a buffer as a whole (gst_buffer_map()) gets a copy of it, since the planes are not
 * beside each other; gst_video_frame_map() maps each where it is.
 *
 * Since: 0.1
 */
#define GST_BUFFER_POOL_OPTION_MEDIA_HEAP_MEMORY_PER_PLANE                                         \
    "GstBufferPoolOptionMediaHeapMemoryPerPlane"

#define GST_TYPE_MEDIA_HEAP_BUFFER_POOL (gst_media_heap_buffer_pool_get_type())
GST_MEDIA_HEAP_API
G_DECLARE_FINAL_TYPE(GstMediaHeapBufferPool, gst_media_heap_buffer_pool, GST,
                     MEDIA_HEAP_BUFFER_POOL, GstBufferPool)

GST_MEDIA_HEAP_API
GstBufferPool* gst_media_heap_buffer_pool_new(GstMediaHeap* heap);

GST_MEDIA_HEAP_API
GstMediaHeap* gst_media_heap_buffer_pool_get_heap(GstMediaHeapBufferPool* pool);

G_END_DECLS
