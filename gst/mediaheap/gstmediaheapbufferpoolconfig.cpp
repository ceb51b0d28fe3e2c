// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a GstMediaHeapBufferPool can be configured with beyond any GstBufferPool.
#include <gst/mediaheap/gstmediaheapbufferpoolconfig.h>

namespace {

constexpr const char* maxBytesField = "media-heap-max-bytes";
constexpr const char* whenFullField = "media-heap-when-full";
constexpr const char* maxWaitField = "media-heap-max-wait";

} // namespace

GType gst_media_heap_when_full_get_type(void) {
    static gsize type = 0;
    if (g_once_init_enter(&type)) {
        static const GEnumValue values[] = {
            {GST_MEDIA_HEAP_WHEN_FULL_RECLAIM,
             "Have other pools of the heap free idle buffers, then wait", "reclaim"},
            {GST_MEDIA_HEAP_WHEN_FULL_WAIT, "Wait for memory that others have", "wait"},
            {GST_MEDIA_HEAP_WHEN_FULL_FAIL, "Fail at once, and say who has the memory", "fail"},
            {0, nullptr, nullptr},
        };
        g_once_init_leave(&type, g_enum_register_static("GstMediaHeapWhenFull", values));
    }
    return type;
}

/**
 * gst_media_heap_buffer_pool_config_set_max_bytes:
 * @config: a configuration of a #GstMediaHeapBufferPool
 * @max_bytes: bytes, or 0 for no limit but the heap's
 *
 * Lets the pool have @max_bytes of its heap at most, counted in whole blocks as the heap counts
 * them. It bounds the number of buffers where the maximum of buffers does not, and unlike that does
 * not make decoders turn the pool down: those of libav take none with fewer than 32.
 *
 * gst_buffer_pool_set_config() refuses a budget in which the minimum of buffers, or a single one,
 * has no room. Memory of an earlier configuration that somebody still has does not count.
 *
 * Thread safety: as @config.
 *
 * Since: 0.1
 */
void gst_media_heap_buffer_pool_config_set_max_bytes(GstStructure* config, guint64 max_bytes) {
    g_return_if_fail(config != nullptr);
    gst_structure_set(config, maxBytesField, G_TYPE_UINT64, max_bytes, nullptr);
}

/**
 * gst_media_heap_buffer_pool_config_get_max_bytes:
 * @config: a configuration of a #GstMediaHeapBufferPool
 *
 * Thread safety: as @config.
 *
 * Returns: the most bytes that the pool may have; 0 for no limit but the heap's
 *
 * Since: 0.1
 */
guint64 gst_media_heap_buffer_pool_config_get_max_bytes(const GstStructure* config) {
    g_return_val_if_fail(config != nullptr, 0);
    guint64 bytes = 0;
    gst_structure_get_uint64(config, maxBytesField, &bytes);
    return bytes;
}

/**
 * gst_media_heap_buffer_pool_config_set_when_full:
 * @config: a configuration of a #GstMediaHeapBufferPool
 * @when_full: what to do when the heap has no memory
 * @max_wait: how long to wait for what others have, in nanoseconds; %GST_CLOCK_TIME_NONE for as
 * long as it takes
 *
 * Says what becomes of a buffer that is asked for while the heap is full. A pool that has its
 * minimum of buffers waits for one of them to come back, however long that takes: that many are
 * enough to make progress, and a paused pipeline keeps them as long as it likes. Before that, and
 * with fewer than its minimum, it does as @when_full says. When nothing helps, or @max_wait has
 * passed, gst_buffer_pool_acquire_buffer() fails with %GST_FLOW_ERROR, and the log and
 * #GstMediaHeapBufferPool::allocation-failed say who has the memory.
 *
 * Without a call of this function it is %GST_MEDIA_HEAP_WHEN_FULL_RECLAIM and
 * %GST_MEDIA_HEAP_DEFAULT_MAX_WAIT.
 *
 * Thread safety: as @config.
 *
 * Since: 0.1
 */
void gst_media_heap_buffer_pool_config_set_when_full(GstStructure* config,
                                                     GstMediaHeapWhenFull when_full,
                                                     GstClockTime max_wait) {
    g_return_if_fail(config != nullptr);
    gst_structure_set(config, whenFullField, GST_TYPE_MEDIA_HEAP_WHEN_FULL, when_full, maxWaitField,
                      G_TYPE_UINT64, max_wait, nullptr);
}

/**
 * gst_media_heap_buffer_pool_config_get_when_full:
 * @config: a configuration of a #GstMediaHeapBufferPool
 * @max_wait: (out) (optional): how long the pool waits for what others have, in nanoseconds
 *
 * Thread safety: as @config.
 *
 * Returns: what the pool does when the heap has no memory
 *
 * Since: 0.1
 */
GstMediaHeapWhenFull gst_media_heap_buffer_pool_config_get_when_full(const GstStructure* config,
                                                                     GstClockTime* max_wait) {
    if (max_wait != nullptr)
        *max_wait = GST_MEDIA_HEAP_DEFAULT_MAX_WAIT;
    g_return_val_if_fail(config != nullptr, GST_MEDIA_HEAP_WHEN_FULL_RECLAIM);
    if (max_wait != nullptr)
        gst_structure_get_uint64(config, maxWaitField, max_wait);
    gint when_full = GST_MEDIA_HEAP_WHEN_FULL_RECLAIM;
    gst_structure_get_enum(config, whenFullField, GST_TYPE_MEDIA_HEAP_WHEN_FULL, &when_full);
    return static_cast<GstMediaHeapWhenFull>(when_full);
}
