// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/mediaheap/gstmediaheapmemory.h>

#include <utility>

#include "core_error.h"
#include "heap_allocator.h"
#include "manual_session.h"
#include "memory_state.h"
#include "raw_flags.h"

using mediaheap::Access;
using mediaheap::UniqueFd;
using mediaheap::gst::HeapAllocator;
using mediaheap::gst::MemoryState;
using mediaheap::gst::rawFlags;

namespace {

/// The READ and WRITE bits of @p flags, whose values are those of Access; 0 for none.
guint accessBits(GstMapFlags flags) { return rawFlags(flags) & GST_MAP_READWRITE; }

} // namespace

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

/**
 * gst_media_heap_memory_begin_access:
 * @mem: a #GstMemory
 * @access: %GST_MAP_READ, %GST_MAP_WRITE, or both; other bits are ignored
 * @error: (nullable): return location for a #GError
 *
 * Opens a session in which the CPU may touch @mem, for memory that is mapped with
 * %GST_MAP_MEDIA_HEAP_MANUAL_SYNC: waits for the devices and does the cache maintenance that a map
 * would have done, for the part of the block that @mem is. A part made by gst_memory_share() has
 * its own bytes only; any other memory, its whole block.
 *
 * Sessions nest, overlap with each other and with maps, and may be of several threads; only what is
 * not covered yet costs anything. A session for reading may be joined by one for writing. Each is
 * to be closed by one gst_media_heap_memory_end_access(), in any order and from any thread. One
 * that is still open when the last reference to the memory goes is closed with a warning, and
 * memory of a pool is then not used again.
 *
 * After a failure nothing was opened, and @error is in the domain #GST_RESOURCE_ERROR:
 * %GST_RESOURCE_ERROR_SETTINGS for memory that is not of a #GstMediaHeap, or an @access without
 * direction; %GST_RESOURCE_ERROR_OPEN_READ_WRITE for writing to what is read-only;
 * %GST_RESOURCE_ERROR_FAILED for what the exporter answers, and for a device that is not done in
 * time.
 *
 * Thread safety: any thread.
 *
 * Returns: whether the session is open
 *
 * Since: 0.1
 */
gboolean gst_media_heap_memory_begin_access(GstMemory* mem, GstMapFlags access, GError** error) {
    g_return_val_if_fail(mem != nullptr, FALSE);
    g_return_val_if_fail(error == nullptr || *error == nullptr, FALSE);
    const auto begun = mediaheap::gst::beginSession(mem, mediaheap::gst::rawFlags(access));
    if (!begun)
        mediaheap::gst::setError(error, begun.error());
    return begun.ok();
}

/**
 * gst_media_heap_memory_end_access:
 * @mem: a #GstMemory
 * @error: (nullable): return location for a #GError
 *
 * Closes one session that gst_media_heap_memory_begin_access() opened on @mem or on a memory that
 * shares its block. When the last session and the last map end, what the CPU has written goes out
 * to the devices.
 *
 * A failure sets @error in the domain #GST_RESOURCE_ERROR: %GST_RESOURCE_ERROR_SETTINGS where no
 * session is open, or the memory is not of a #GstMediaHeap; else what the exporter answers, and the
 * session is closed all the same.
 *
 * Thread safety: any thread.
 *
 * Returns: whether all went well
 *
 * Since: 0.1
 */
gboolean gst_media_heap_memory_end_access(GstMemory* mem, GError** error) {
    g_return_val_if_fail(mem != nullptr, FALSE);
    g_return_val_if_fail(error == nullptr || *error == nullptr, FALSE);
    const auto ended = mediaheap::gst::endSession(mem);
    if (!ended)
        mediaheap::gst::setError(error, ended.error());
    return ended.ok();
}

/**
 * gst_media_heap_memory_import_fence:
 * @mem: a #GstMemory for which gst_is_media_heap_memory()
 * @fence:: a sync_file; closed in any case
 * @access: %GST_MAP_READ, %GST_MAP_WRITE or both: what the device does with the memory until then
 * @error: (nullable): return location for a #GError
 *
 * Says that a device works on @mem, or on the memory that it is a part of, until @fence is done: a
 * sync_file as a driver gives one out for its work (Linux, Documentation/driver-api/sync_file.rst).
 * Maps wait for it, no longer than the heap's `wait` allows: a map for reading for devices that
 * write, a map for writing for all. A pool hands the memory out again when it is done. Importers
 * find the fence where the kernel keeps it: on DMA-BUFs, since Linux 6.0.
 *
 * On memory without a kernel that keeps it (`memfd`, `simulated`, an older Linux) @fence may be
 * anything that becomes readable when the work is done and stays so, as an eventfd; at most 32 can
 * be pending there.
 *
 * A failure sets @error in the domain #GST_RESOURCE_ERROR: %GST_RESOURCE_ERROR_BUSY for too many
 * pending ones, %GST_RESOURCE_ERROR_SETTINGS for what is no fence.
 *
 * Thread safety: any thread.
 *
 * Returns: whether it was taken; nothing has changed otherwise
 *
 * Since: 0.1
 */
gboolean gst_media_heap_memory_import_fence(GstMemory* mem, gint fence, GstMapFlags access,
                                            GError** error) {
    UniqueFd owned(fence);
    g_return_val_if_fail(gst_is_media_heap_memory(mem), FALSE);
    g_return_val_if_fail(accessBits(access) != 0, FALSE);
    g_return_val_if_fail(error == nullptr || *error == nullptr, FALSE);
    const auto imported = MemoryState::of(mem)->block().importFence(
        std::move(owned), static_cast<Access>(accessBits(access)));
    if (!imported)
        mediaheap::gst::setError(error, imported.error());
    return imported.ok();
}

/**
 * gst_media_heap_memory_export_fence:
 * @mem: a #GstMemory for which gst_is_media_heap_memory()
 * @access: %GST_MAP_READ, %GST_MAP_WRITE or both
 * @error: (nullable): return location for a #GError
 *
 * A sync_file that is done when everything is that an access of this kind to @mem has to wait for
 * now; for a device or an API that takes fences. Only DMA-BUFs have one, on Linux 6.0 or newer;
 * otherwise @error is set in the domain #GST_RESOURCE_ERROR.
 *
 * Thread safety: any thread.
 *
 * Returns:: the descriptor, to be closed by the caller; -1 with @error set
 *
 * Since: 0.1
 */
gint gst_media_heap_memory_export_fence(GstMemory* mem, GstMapFlags access, GError** error) {
    g_return_val_if_fail(gst_is_media_heap_memory(mem), -1);
    g_return_val_if_fail(accessBits(access) != 0, -1);
    g_return_val_if_fail(error == nullptr || *error == nullptr, -1);
    auto exported =
        MemoryState::of(mem)->block().exportFence(static_cast<Access>(accessBits(access)));
    if (!exported) {
        mediaheap::gst::setError(error, exported.error());
        return -1;
    }
    return exported.value().release();
}

/**
 * gst_media_heap_memory_is_idle:
 * @mem: a #GstMemory for which gst_is_media_heap_memory()
 * @access: %GST_MAP_READ, %GST_MAP_WRITE or both
 *
 * Never waits.
 *
 * Thread safety: any thread.
 *
 * Returns: whether a map of that kind would find all devices done with @mem
 *
 * Since: 0.1
 */
gboolean gst_media_heap_memory_is_idle(GstMemory* mem, GstMapFlags access) {
    g_return_val_if_fail(gst_is_media_heap_memory(mem), FALSE);
    g_return_val_if_fail(accessBits(access) != 0, FALSE);
    return MemoryState::of(mem)->block().isIdle(static_cast<Access>(accessBits(access)));
}
