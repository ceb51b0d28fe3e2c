/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the project's own elements need of the pool and nobody else; exported, since they are
 * another library, and not installed. */

#include <gst/mediaheap/gstmediaheapbufferpool.h>
#include <gst/video/video.h>

G_BEGIN_DECLS

/* Frames that carry a GstVideoMeta are laid out with @alignment at least, whatever the
 * configuration asks for, from the next gst_buffer_pool_set_config() on. For an element that lends
 * the pool to its upstream on behalf of a downstream with wishes. Any thread. */
GST_MEDIA_HEAP_API
void gst_media_heap_buffer_pool_set_minimum_alignment(GstMediaHeapBufferPool* pool,
                                                      const GstVideoAlignment* alignment);

/* Every plane of a frame is a memory of its own, as with
 * GST_BUFFER_POOL_OPTION_MEDIA_HEAP_MEMORY_PER_PLANE, whatever the configuration asks for, from the
 * next gst_buffer_pool_set_config() on. Any thread. */
GST_MEDIA_HEAP_API
void gst_media_heap_buffer_pool_set_memory_per_plane(GstMediaHeapBufferPool* pool,
                                                     gboolean separate);

/* Why configuring the pool, making it active, or acquiring a buffer failed last: cause, remedy and
 * heap string; NULL when none ever did. To be freed with g_free(). Any thread. */
GST_MEDIA_HEAP_API
gchar* gst_media_heap_buffer_pool_get_failure(GstMediaHeapBufferPool* pool);

/* Says in messages whose @pool is; @user is copied. To be called before @pool is made active. */
GST_MEDIA_HEAP_API
void gst_media_heap_buffer_pool_set_user(GstMediaHeapBufferPool* pool, const gchar* user);

/* How many buffers could be taken from @pool now without waiting: those that are idle and those
 * that its maximum, its budget and its heap have room for. Any thread. */
GST_MEDIA_HEAP_API
guint gst_media_heap_buffer_pool_get_available(GstMediaHeapBufferPool* pool);

G_END_DECLS
