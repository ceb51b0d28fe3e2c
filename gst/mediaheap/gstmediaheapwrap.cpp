// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/mediaheap/gstmediaheap.h>
#include <gst/mediaheap/gstmediaheapmemory.h>

#include <utility>

#include <gst/allocators/allocators.h>

#include "core_error.h"
#include "gstmediaheap-private.h"
#include "heap_allocator.h"
#include "memory_state.h"

using mediaheap::UniqueFd;
using mediaheap::gst::HeapAllocator;
using mediaheap::gst::MemoryKind;
using mediaheap::gst::MemoryState;

/**
 * gst_media_heap_wrap_fd:
 * @heap: a #GstMediaHeap
 * @fd: a DMA-BUF of whatever exporter, or a memfd; closed with the memory, and at
 *     once where this fails
 * @size: bytes of data, from the beginning of @fd; 0 for all that it has
 * @error: (nullable): return location for a #GError
 *
 * Makes memory that comes from elsewhere behave as memory of @heap does: its maps are counted and
 * synced once however they nest, wait for devices no longer than the heap's `wait`, take
 * %GST_MAP_MEDIA_HEAP_MANUAL_SYNC, and show in the heap's `syncs`, `syncs-saved` and
 * `bytes-synced`. gst_memory_copy() of it comes from @heap.
 *
 * A DMA-BUF becomes memory for which gst_is_dmabuf_memory(); anything else stays
 * gst_is_fd_memory(). The descriptor keeps its number, becomes close-on-exec, and belongs to the
 * memory as with gst_dmabuf_allocator_alloc(). The whole of it is mapped: the memory's maximum size
 * is that of the descriptor. One that cannot be mapped for writing, because it was opened read-only
 * or is sealed, becomes memory with %GST_MEMORY_FLAG_READONLY.
 *
 * The memory is not the zone's. It takes nothing of the heap's budget, shows in no report, does not
 * keep gst_media_heap_destroy() from destroying the heap, and when its last reference goes it goes
 * back to where it came from.
 *
 * A memfd that somebody can still shrink may be taken from under the CPU (SIGBUS); whoever makes
 * one seals it with F_SEAL_SHRINK.
 *
 * A failure sets @error in the domain #GST_RESOURCE_ERROR: %GST_RESOURCE_ERROR_SETTINGS for what is
 * no descriptor, has fewer than @size bytes, or is neither a DMA-BUF nor a regular file, and for a
 * heap of source `simulated`, whose devices reach nothing from elsewhere;
 * %GST_RESOURCE_ERROR_OPEN_READ_WRITE for one that cannot be read; %GST_RESOURCE_ERROR_NOT_FOUND
 * for a heap that was destroyed; else what the exporter answers to a map.
 *
 * Thread safety: any thread.
 *
 * Returns: (transfer full) (nullable): the memory, or %NULL with @error set
 *
 * Since: 0.1
 */
GstMemory* gst_media_heap_wrap_fd(GstMediaHeap* heap, gint fd, gsize size, GError** error) {
    UniqueFd owned(fd);
    g_return_val_if_fail(GST_IS_MEDIA_HEAP(heap) && mediaheap::gst::coreOf(heap), nullptr);
    g_return_val_if_fail(error == nullptr || *error == nullptr, nullptr);
    auto block = mediaheap::gst::coreOf(heap)->wrap(std::move(owned), size,
                                                    "wrapped descriptor " + std::to_string(fd));
    if (!block) {
        mediaheap::gst::setError(error, block.error());
        return nullptr;
    }
    GstAllocator* allocator = mediaheap::gst::allocatorOf(
        heap, block->isDmaBuf() ? MemoryKind::DmaBuf : MemoryKind::Descriptor);
    const gsize bytes = size != 0 ? size : block->size();
    GstMemory* memory = HeapAllocator::of(allocator)->wrap(std::move(*block), bytes);
    gst_object_unref(allocator);
    return memory;
}

/**
 * gst_media_heap_memory_export_read_only_fd:
 * @mem: a #GstMemory for which gst_is_media_heap_memory()
 * @error: (nullable): return location for a #GError
 *
 * A descriptor for another process that is to read @mem and not to write to it. The data begin at
 * the offset that gst_memory_get_sizes() tells, and the descriptor shows the whole block.
 *
 * Memory of a `memfd` heap is sealed against future writing by that, for good
 * (F_SEAL_FUTURE_WRITE, Linux 5.1): whoever receives the descriptor can neither write through it
 * nor open it anew to do so, and no other descriptor of @mem can begin to write either. Maps of
 * @mem go on writing. Of a DMA-BUF the kernel makes no such descriptor, unless @mem was wrapped
 * around one that was made read-only (see gst_media_heap_wrap_fd()); and devices write to what they
 * import, whatever the descriptor. Copy the frame into a `memfd` heap for such a reader.
 *
 * A failure sets @error in the domain #GST_RESOURCE_ERROR: %GST_RESOURCE_ERROR_SETTINGS where there
 * can be no such descriptor, %GST_RESOURCE_ERROR_NO_SPACE_LEFT without descriptors.
 *
 * Thread safety: any thread.
 *
 * Returns: the descriptor, to be closed by the caller; -1 with @error set
 *
 * Since: 0.1
 */
gint gst_media_heap_memory_export_read_only_fd(GstMemory* mem, GError** error) {
    g_return_val_if_fail(gst_is_media_heap_memory(mem), -1);
    g_return_val_if_fail(error == nullptr || *error == nullptr, -1);
    auto exported = MemoryState::of(mem)->block().exportReadOnlyFd();
    if (!exported) {
        mediaheap::gst::setError(error, exported.error());
        return -1;
    }
    return exported.value().release();
}
