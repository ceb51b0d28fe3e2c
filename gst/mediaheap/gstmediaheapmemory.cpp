// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/mediaheap/gstmediaheapmemory.h>

#include "heap_allocator.h"
#include "memory_state.h"

using mediaheap::gst::HeapAllocator;
using mediaheap::gst::MemoryState;

/**
 * gst_is_media_heap_memory:
 * @mem: (nullable): a #GstMemory
 *
 * Thread safety: any thread.
 *
 * Returns: whether @mem, or the memory that it is a part of, is a block of a #GstMediaHeap
 *
 * Since: 0.1
 */
gboolean gst_is_media_heap_memory(GstMemory* mem) {
    return mem != nullptr && mem->allocator != nullptr && HeapAllocator::of(mem->allocator);
}

/**
 * gst_media_heap_memory_get_heap:
 * @mem: a #GstMemory
 *
 * Thread safety: any thread.
 *
 * Returns: (transfer full) (nullable): the heap that @mem is from; %NULL for any other memory
 *
 * Since: 0.1
 */
GstMediaHeap* gst_media_heap_memory_get_heap(GstMemory* mem) {
    g_return_val_if_fail(mem != nullptr, nullptr);
    if (!gst_is_media_heap_memory(mem))
        return nullptr;
    return GST_MEDIA_HEAP(gst_object_ref(HeapAllocator::of(mem->allocator)->heap()));
}

/**
 * gst_media_heap_memory_is_cached:
 * @mem: a #GstMemory for which gst_is_media_heap_memory()
 *
 * Reading through an uncached mapping costs an access to the memory for every few bytes: copy such
 * a frame in one go instead of looking at it in many places.
 *
 * Thread safety: any thread.
 *
 * Returns: whether the CPU's mapping of @mem goes through its caches
 *
 * Since: 0.1
 */
gboolean gst_media_heap_memory_is_cached(GstMemory* mem) {
    g_return_val_if_fail(gst_is_media_heap_memory(mem), FALSE);
    return MemoryState::of(mem)->block().isCached();
}
