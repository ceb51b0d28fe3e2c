// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:gstmediaheapbufferpool
 * @title: GstMediaHeapBufferPool
 * @short_description: buffers in the memory of a media heap
 * @see_also: #GstMediaHeap
 *
 * A #GstBufferPool whose buffers consist of one memory each out of a #GstMediaHeap, at offset 0 of
 * a file descriptor of its own (behind the prefix that was asked for), or of one for every plane of
 * a frame with %GST_BUFFER_POOL_OPTION_MEDIA_HEAP_MEMORY_PER_PLANE.
 *
 * For raw video it lays the frame out itself, with a #GstVideoMeta and padded lines where
 * %GST_BUFFER_POOL_OPTION_VIDEO_META and %GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT are set, and a
 * configured size of 0 means what the frame needs. Other caps come with a size.
 *
 * An allocator in the configuration is replaced by the heap's own.
 *
 * The maximum of buffers is kept for the memory: while somebody holds the memory of a buffer, or a
 * part of it, that counts, whether or not the buffer has come back. The memory is handed out again
 * as the same #GstMemory, so that what importers keep for it stays valid. (A buffer of several
 * memories that lost one of them to somebody who holds it longer is made anew.)
 *
 * When the heap is full, the other pools of the heap free what they can do without: a pool of which
 * nothing is out all that it has, any other what it has beyond its minimum. Where that is not
 * enough, gst_buffer_pool_acquire_buffer() waits for one of the pool's own buffers, as long as it
 * takes where the pool has its minimum of them, and with fewer than that up to two seconds for
 * whatever comes back: when a stream changes its format, the pool for the new frames starts before
 * the old frames are gone. Then it fails with %GST_FLOW_ERROR, and the reason names who has the
 * memory. gst_media_heap_buffer_pool_config_set_when_full() and
 * gst_media_heap_buffer_pool_config_set_max_bytes() set other rules.
 *
 * Making the pool active fails when the minimum of buffers cannot be had; where others would only
 * have to give theirs back, it starts with fewer. The log says what size of the heap would do.
 *
 * Thread safety: as for any #GstBufferPool, all functions may be called from any thread.
 *
 * Since: 0.1
 */
#include <gst/mediaheap/gstmediaheapbufferpool.h>

#include <atomic>
#include <string>

#include "gstmediaheap-private.h"
#include "gstmediaheapbufferpool-private.h"
#include "heap_allocator.h"
#include "pool_state.h"

using mediaheap::gst::PoolState;

struct _GstMediaHeapBufferPool {
    GstBufferPool parent;
    PoolState* state;
};

G_DEFINE_FINAL_TYPE(GstMediaHeapBufferPool, gst_media_heap_buffer_pool, GST_TYPE_BUFFER_POOL)

enum { PROP_0, PROP_HEAP, PROP_BYTES_COPIED };

static PoolState& state_of(GstBufferPool* pool) {
    return *reinterpret_cast<GstMediaHeapBufferPool*>(pool)->state;
}

static const gchar** gst_media_heap_buffer_pool_get_options(GstBufferPool* pool) noexcept {
    return state_of(pool).options();
}

static gboolean gst_media_heap_buffer_pool_set_config(GstBufferPool* pool,
                                                      GstStructure* config) noexcept {
    return state_of(pool).setConfig(config) &&
           GST_BUFFER_POOL_CLASS(gst_media_heap_buffer_pool_parent_class)->set_config(pool, config);
}

// start, stop, acquire_buffer, alloc_buffer and release_buffer replace the parent's and never chain
// up: both would keep buffers, each for itself.

static gboolean gst_media_heap_buffer_pool_start(GstBufferPool* pool) noexcept {
    return state_of(pool).start();
}

static gboolean gst_media_heap_buffer_pool_stop(GstBufferPool* pool) noexcept {
    state_of(pool).stop();
    return TRUE;
}

static GstFlowReturn
gst_media_heap_buffer_pool_acquire(GstBufferPool* pool, GstBuffer** buffer,
                                   GstBufferPoolAcquireParams* params) noexcept {
    return state_of(pool).acquire(buffer, params);
}

static GstFlowReturn gst_media_heap_buffer_pool_alloc(GstBufferPool* pool, GstBuffer** buffer,
                                                      GstBufferPoolAcquireParams*) noexcept {
    return state_of(pool).allocate(buffer);
}

static void gst_media_heap_buffer_pool_reset(GstBufferPool* pool, GstBuffer* buffer) noexcept {
    // Before, since the parent resizes buffers as if they had one memory; after, since it knows no
    // prefix.
    state_of(pool).restore(buffer);
    GST_BUFFER_POOL_CLASS(gst_media_heap_buffer_pool_parent_class)->reset_buffer(pool, buffer);
    state_of(pool).restore(buffer);
}

static void gst_media_heap_buffer_pool_release(GstBufferPool* pool, GstBuffer* buffer) noexcept {
    state_of(pool).release(buffer);
}

static void gst_media_heap_buffer_pool_flush_start(GstBufferPool* pool) noexcept {
    state_of(pool).setFlushing(true);
}

static void gst_media_heap_buffer_pool_flush_stop(GstBufferPool* pool) noexcept {
    state_of(pool).setFlushing(false);
}

static void gst_media_heap_buffer_pool_set_property(GObject* object, guint id, const GValue* value,
                                                    GParamSpec* spec) noexcept {
    if (id != PROP_HEAP) {
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
        return;
    }
    if (auto* heap = static_cast<GstMediaHeap*>(g_value_get_object(value)))
        state_of(GST_BUFFER_POOL_CAST(object)).setHeap(heap);
}

static void gst_media_heap_buffer_pool_get_property(GObject* object, guint id, GValue* value,
                                                    GParamSpec* spec) noexcept {
    const PoolState& state = state_of(GST_BUFFER_POOL_CAST(object));
    if (id == PROP_HEAP)
        g_value_set_object(value, state.heap());
    else if (id == PROP_BYTES_COPIED)
        g_value_set_uint64(value, state.bytesCopied());
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_media_heap_buffer_pool_init(GstMediaHeapBufferPool* self) {
    self->state = new PoolState(GST_BUFFER_POOL_CAST(self));
}

static void gst_media_heap_buffer_pool_finalize(GObject* object) noexcept {
    delete GST_MEDIA_HEAP_BUFFER_POOL(object)->state;
    G_OBJECT_CLASS(gst_media_heap_buffer_pool_parent_class)->finalize(object);
}

static void install_properties(GObjectClass* klass) {
    /**
     * GstMediaHeapBufferPool:heap:
     *
     * The heap that the pool's buffers are in.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, PROP_HEAP,
        g_param_spec_object("heap", "Heap", "The heap that the pool's buffers are in",
                            GST_TYPE_MEDIA_HEAP,
                            static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY |
                                                     G_PARAM_STATIC_STRINGS)));
    /**
     * GstMediaHeapBufferPool:bytes-copied:
     *
     * Bytes that gst_memory_copy() was asked to copy out of the pool's memory: what somebody does
     * who wants to write to a frame that others hold as well.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, PROP_BYTES_COPIED,
        g_param_spec_uint64("bytes-copied", "Bytes copied",
                            "Bytes copied out of the pool's memory by gst_memory_copy()", 0,
                            G_MAXUINT64, 0,
                            static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

static void install_signals(GObjectClass* klass) {
    /**
     * GstMediaHeapBufferPool::allocation-failed:
     * @pool: the pool
     * @reason: heap string, cause and remedy
     *
     * Making @pool active, or acquiring a buffer, has failed. Emitted in the thread that asked. The
     * signal's detail says what that thread asked for: `start` to make the pool active, `buffer` a
     * buffer, `buffer-now` a buffer without waiting.
     *
     * Since: 0.1
     */
    g_signal_new(mediaheap::gst::allocationFailed::name, G_TYPE_FROM_CLASS(klass),
                 static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED), 0, nullptr,
                 nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
    /**
     * GstMediaHeapBufferPool::waiting:
     * @pool: the pool
     * @reason: heap string, cause and remedy
     *
     * Somebody has waited for a buffer for as long as the pool waits for memory that others have
     * (gst_media_heap_buffer_pool_config_set_when_full(); a second at least), and goes on waiting
     * for one of the pool's own to come back. Emitted in the thread that waits, again each time
     * that this has passed. Nothing is wrong where the pipeline is paused.
     *
     * Since: 0.1
     */
    g_signal_new(mediaheap::gst::waitingSignal, G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0,
                 nullptr, nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void gst_media_heap_buffer_pool_class_init(GstMediaHeapBufferPoolClass* klass) {
    GObjectClass* object_class = G_OBJECT_CLASS(klass);
    object_class->set_property = gst_media_heap_buffer_pool_set_property;
    object_class->get_property = gst_media_heap_buffer_pool_get_property;
    object_class->finalize = gst_media_heap_buffer_pool_finalize;
    install_properties(object_class);
    install_signals(object_class);

    GstBufferPoolClass* pool_class = GST_BUFFER_POOL_CLASS(klass);
    pool_class->get_options = gst_media_heap_buffer_pool_get_options;
    pool_class->set_config = gst_media_heap_buffer_pool_set_config;
    pool_class->start = gst_media_heap_buffer_pool_start;
    pool_class->stop = gst_media_heap_buffer_pool_stop;
    pool_class->acquire_buffer = gst_media_heap_buffer_pool_acquire;
    pool_class->alloc_buffer = gst_media_heap_buffer_pool_alloc;
    pool_class->reset_buffer = gst_media_heap_buffer_pool_reset;
    pool_class->release_buffer = gst_media_heap_buffer_pool_release;
    pool_class->flush_start = gst_media_heap_buffer_pool_flush_start;
    pool_class->flush_stop = gst_media_heap_buffer_pool_flush_stop;
}

/**
 * gst_media_heap_buffer_pool_new:
 * @heap: (transfer none): a #GstMediaHeap
 *
 * Makes a pool in @heap, which it keeps alive. It has to be configured and made active, like any
 * #GstBufferPool. The blocks of @heap bear the name of the pool and a number, so that reports and
 * the kernel's list of DMA-BUFs tell whose they are.
 *
 * Thread safety: any thread.
 *
 * Returns: (transfer full): the pool
 *
 * Since: 0.1
 */
GstBufferPool* gst_media_heap_buffer_pool_new(GstMediaHeap* heap) {
    g_return_val_if_fail(GST_IS_MEDIA_HEAP(heap), nullptr);
    static std::atomic<unsigned> made{0};
    const std::string name = "mediaheap-pool" + std::to_string(made++);
    auto* pool = GST_BUFFER_POOL(
        g_object_new(GST_TYPE_MEDIA_HEAP_BUFFER_POOL, "name", name.c_str(), "heap", heap, nullptr));
    gst_object_ref_sink(pool);
    return pool;
}

/**
 * gst_media_heap_buffer_pool_get_heap:
 * @pool: a #GstMediaHeapBufferPool
 *
 * Thread safety: any thread.
 *
 * Returns: (transfer full): the heap that the pool's buffers are in
 *
 * Since: 0.1
 */
GstMediaHeap* gst_media_heap_buffer_pool_get_heap(GstMediaHeapBufferPool* pool) {
    g_return_val_if_fail(GST_IS_MEDIA_HEAP_BUFFER_POOL(pool), nullptr);
    GstMediaHeap* heap = pool->state->heap();
    return heap != nullptr ? GST_MEDIA_HEAP(gst_object_ref(heap)) : nullptr;
}

// (skip): of no use to anybody but the project's elements.

void gst_media_heap_buffer_pool_set_user(GstMediaHeapBufferPool* pool, const gchar* user) {
    g_return_if_fail(GST_IS_MEDIA_HEAP_BUFFER_POOL(pool) && user != nullptr);
    pool->state->setUser(user);
}

guint gst_media_heap_buffer_pool_get_available(GstMediaHeapBufferPool* pool) {
    g_return_val_if_fail(GST_IS_MEDIA_HEAP_BUFFER_POOL(pool), 0);
    return pool->state->available();
}

void gst_media_heap_buffer_pool_set_minimum_alignment(GstMediaHeapBufferPool* pool,
                                                      const GstVideoAlignment* alignment) {
    g_return_if_fail(GST_IS_MEDIA_HEAP_BUFFER_POOL(pool));
    g_return_if_fail(alignment != nullptr && pool->state->setFloor(*alignment));
}

void gst_media_heap_buffer_pool_set_memory_per_plane(GstMediaHeapBufferPool* pool,
                                                     gboolean separate) {
    g_return_if_fail(GST_IS_MEDIA_HEAP_BUFFER_POOL(pool));
    pool->state->setMemoryPerPlane(separate);
}

gchar* gst_media_heap_buffer_pool_get_failure(GstMediaHeapBufferPool* pool) {
    g_return_val_if_fail(GST_IS_MEDIA_HEAP_BUFFER_POOL(pool), nullptr);
    const std::string failure = pool->state->failure();
    return failure.empty() ? nullptr : g_strdup(failure.c_str());
}
