// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:gstmediaheap
 * @title: GstMediaHeap
 * @short_description: memory set aside for frames that hardware and CPU both touch
 * @see_also: #GstMediaHeapBufferPool
 *
 * A media heap hands out memory as DMA-BUF file descriptors (or, where the machine has none, as
 * plain file descriptors that say so), and does the cache maintenance that a CPU access needs,
 * exactly once for however many maps overlap.
 *
 * A heap is described by a heap string, `<source>[:<name>][,key=value...]`:
 *
 * |[<!-- language="C" -->
 * g_autoptr (GError) error = NULL;
 * g_autoptr (GstMediaHeap) heap = gst_media_heap_open ("dma-heap:system,size=64M", &error);
 * if (heap == NULL)
 *   return fail (error->message);    // names the heap string, the cause and the remedy
 * g_autoptr (GstBufferPool) pool = gst_media_heap_buffer_pool_new (heap);
 * ]|
 *
 * In one process the same facility is one #GstMediaHeap. Allocators, pools and memory keep their
 * heap alive, so the application may drop its own reference at any time.
 *
 * Thread safety: all functions may be called from any thread.
 *
 * Since: 0.1
 */
#include <gst/mediaheap/gstmediaheap.h>

#include <array>
#include <mutex>

#include "core_error.h"
#include "core_log.h"
#include "gstmediaheap-private.h"
#include "gstmediaheapcore-private.h"
#include "heap_allocator.h"
#include "heap_pools.h"
#include "object_registry.h"

#define GST_CAT_DEFAULT mediaheap::gst::debugCategory()

using mediaheap::Heap;
using mediaheap::gst::MemoryKind;
using mediaheap::gst::ObjectRegistry;

namespace {

/// What stands behind a GstMediaHeap.
class HeapState {
public:
    HeapState() {
        for (GWeakRef& allocator : allocators_)
            g_weak_ref_init(&allocator, nullptr);
    }
    ~HeapState() {
        for (GWeakRef& allocator : allocators_)
            g_weak_ref_clear(&allocator);
    }
    HeapState(const HeapState&) = delete;
    HeapState& operator=(const HeapState&) = delete;

    /// An allocator keeps the heap, therefore the heap does not keep the allocator.
    GstAllocator* allocator(GstMediaHeap* self, MemoryKind kind) {
        const std::lock_guard lock(mutex_);
        GWeakRef& allocator = allocators_[static_cast<size_t>(kind)];
        if (auto* living = static_cast<GstAllocator*>(g_weak_ref_get(&allocator)))
            return living;
        GstAllocator* made = mediaheap::gst::newAllocator(self, kind);
        g_weak_ref_set(&allocator, made);
        return made;
    }

    std::shared_ptr<Heap> core;
    mediaheap::gst::HeapPools pools;

private:
    std::mutex mutex_;
    std::array<GWeakRef, mediaheap::gst::memoryKinds> allocators_; // by kind
};

} // namespace

struct _GstMediaHeap {
    GstObject parent;
    HeapState* state;
};

G_DEFINE_FINAL_TYPE(GstMediaHeap, gst_media_heap, GST_TYPE_OBJECT)

static void gst_media_heap_init(GstMediaHeap* self) { self->state = new HeapState; }

static void gst_media_heap_finalize(GObject* object) noexcept {
    GstMediaHeap* self = GST_MEDIA_HEAP(object);
    ObjectRegistry::process().forget(self->state->core.get(), self);
    delete self->state;
    G_OBJECT_CLASS(gst_media_heap_parent_class)->finalize(object);
}

static void gst_media_heap_class_init(GstMediaHeapClass* klass) {
    G_OBJECT_CLASS(klass)->finalize = gst_media_heap_finalize;
    // Not only when something is logged: `--gst-debug-help` and thresholds set later know it then.
    mediaheap::gst::debugCategory();
}

namespace mediaheap::gst {

const std::shared_ptr<Heap>& coreOf(GstMediaHeap* heap) { return heap->state->core; }

GstAllocator* allocatorOf(GstMediaHeap* heap, MemoryKind kind) {
    return heap->state->allocator(heap, kind);
}

HeapPools& poolsOf(GstMediaHeap* heap) { return heap->state->pools; }

} // namespace mediaheap::gst

/**
 * gst_media_heap_open: (constructor)
 * @heap: (nullable): a heap string, for example `dma-heap:system,size=64M,zone=camera`; %NULL and
 *     the empty string mean `auto`
 * @error: (nullable): return location for a #GError
 *
 * Opens the heap that @heap describes, or shares the one that is open already for the same
 * facility. gst_init() must have been called.
 *
 * A failure sets @error in the domain #GST_RESOURCE_ERROR, with the heap string, the cause and the
 * remedy in its message: %GST_RESOURCE_ERROR_SETTINGS for a malformed string, an unknown source or
 * key, or a wish that the source cannot honour; %GST_RESOURCE_ERROR_NOT_FOUND for a device that is
 * not there; %GST_RESOURCE_ERROR_OPEN_READ_WRITE for one without permission;
 * %GST_RESOURCE_ERROR_NO_SPACE_LEFT without memory or file descriptors; %GST_RESOURCE_ERROR_BUSY
 * where the facility is open with contradictory options; %GST_RESOURCE_ERROR_FAILED for anything
 * else.
 *
 * Thread safety: any thread.
 *
 * Returns: (transfer full) (nullable): the heap, or %NULL with @error set
 *
 * Since: 0.1
 */
GstMediaHeap* gst_media_heap_open(const gchar* heap, GError** error) {
    g_return_val_if_fail(gst_is_initialized(), nullptr);
    g_return_val_if_fail(error == nullptr || *error == nullptr, nullptr);

    mediaheap::gst::routeCoreLog();
    auto opened = Heap::open(heap != nullptr && *heap != '\0' ? heap : "auto");
    if (!opened) {
        mediaheap::gst::setError(error, opened.error());
        return nullptr;
    }
    const std::shared_ptr<Heap> core = std::move(opened).value();
    GstMediaHeap* object = ObjectRegistry::process().findOrMake(core.get(), [&core] {
        auto* made = GST_MEDIA_HEAP(g_object_new(GST_TYPE_MEDIA_HEAP, nullptr));
        gst_object_ref_sink(made);
        made->state->core = core;
        return made;
    });
    GST_INFO_OBJECT(object, "opened '%s'", core->description().c_str());
    return object;
}

/**
 * gst_media_heap_get_description:
 * @heap: a #GstMediaHeap
 *
 * Thread safety: any thread.
 *
 * Returns: (transfer none): the heap string in canonical form, with the source that `auto` came to;
 *     valid as long as @heap
 *
 * Since: 0.1
 */
const gchar* gst_media_heap_get_description(GstMediaHeap* heap) {
    g_return_val_if_fail(GST_IS_MEDIA_HEAP(heap) && heap->state->core, nullptr);
    return heap->state->core->description().c_str();
}

/**
 * gst_media_heap_is_dmabuf:
 * @heap: a #GstMediaHeap
 *
 * Thread safety: any thread.
 *
 * Returns: whether the memory of @heap is DMA-BUFs, which gst_is_dmabuf_memory() says of it and
 *     hardware drivers import
 *
 * Since: 0.1
 */
gboolean gst_media_heap_is_dmabuf(GstMediaHeap* heap) {
    g_return_val_if_fail(GST_IS_MEDIA_HEAP(heap) && heap->state->core, FALSE);
    return heap->state->core->isDmaBuf();
}

/**
 * gst_media_heap_get_passed_over:
 * @heap: a #GstMediaHeap
 *
 * For a heap that was opened as `auto`: the sources that come before the chosen one, and why none
 * of them serves.
 *
 * Thread safety: any thread.
 *
 * Returns: (transfer full) (array zero-terminated=1) (element-type utf8): lines of the form
 *     `heap: reason`, best source first; empty where nothing was passed over
 *
 * Since: 0.1
 */
gchar** gst_media_heap_get_passed_over(GstMediaHeap* heap) {
    g_return_val_if_fail(GST_IS_MEDIA_HEAP(heap) && heap->state->core, nullptr);
    const auto& sources = heap->state->core->passedOver();
    gchar** lines = g_new0(gchar*, sources.size() + 1);
    for (size_t i = 0; i < sources.size(); i++)
        lines[i] = g_strdup_printf("%s: %s", sources[i].heap.c_str(), sources[i].reason.c_str());
    return lines;
}

/**
 * gst_media_heap_get_allocator:
 * @heap: a #GstMediaHeap
 *
 * The allocator for single pieces of memory; frames come from a #GstMediaHeapBufferPool. It is a
 * #GstDmaBufAllocator where gst_media_heap_is_dmabuf(), else a #GstFdAllocator, or neither where
 * memory of the heap has no descriptor (`mmz`). Where the source knows true physical addresses
 * (`mpp` on a kernel that tells them, `mmz`) it is a #GstPhysMemoryAllocator, too, and
 * gst_phys_memory_get_phys_addr() gives the address of the first byte of a memory's data. It
 * implements gst_allocator_alloc() with all of #GstAllocationParams: what does not fit into the
 * heap is %NULL, with the reason in the log.
 *
 * Thread safety: any thread.
 *
 * Returns: (transfer full): the allocator, the same one as long as anyone holds it
 *
 * Since: 0.1
 */
GstAllocator* gst_media_heap_get_allocator(GstMediaHeap* heap) {
    g_return_val_if_fail(GST_IS_MEDIA_HEAP(heap) && heap->state->core, nullptr);
    return heap->state->allocator(heap, mediaheap::gst::kindOf(*heap->state->core));
}

/**
 * gst_media_heap_get_stats:
 * @heap: a #GstMediaHeap
 *
 * The state of the heap at one moment, as a structure `media-heap-stats` with the fields
 * `description` (string, the heap string) and, all #guint64, sizes in bytes: `size` (the zone's
 * budget), `used` (live blocks and those that a device still holds), `peak` (the most that `used`
 * has been), `cached` (kept ready for reuse, counted as free), `held` (given back, but a device
 * still holds it; part of `used`), `largest-free` (the largest block that could be had now);
 * counts: `blocks`, `failures` (allocations refused), `syncs` (DMA_BUF_IOCTL_SYNC calls issued),
 * `syncs-saved` (calls that nested and overlapping maps did not need), `bytes-synced` (what the
 * issued ones reached), `violations` (mistakes that the simulated SoC has seen) and
 * `stray-accesses` (what a heap with sanitize=1 and stray=report has seen outside of maps).
 *
 * Thread safety: any thread.
 *
 * Returns: (transfer full): the structure
 *
 * Since: 0.1
 */
GstStructure* gst_media_heap_get_stats(GstMediaHeap* heap) {
    g_return_val_if_fail(GST_IS_MEDIA_HEAP(heap) && heap->state->core, nullptr);
    const Heap& core = *heap->state->core;
    const mediaheap::Stats stats = core.stats();
    const auto number = [](uint64_t value) { return static_cast<guint64>(value); };
    return gst_structure_new(
        "media-heap-stats", "description", G_TYPE_STRING, core.description().c_str(), // the string
        "size", G_TYPE_UINT64, number(stats.size), "used", G_TYPE_UINT64, number(stats.used),
        "peak", G_TYPE_UINT64, number(stats.peak), "cached", G_TYPE_UINT64, number(stats.cached),
        "held", G_TYPE_UINT64, number(stats.held), "largest-free", G_TYPE_UINT64,
        number(stats.largestFree), "blocks", G_TYPE_UINT64, number(stats.blocks), "failures",
        G_TYPE_UINT64, number(stats.failures), "syncs", G_TYPE_UINT64, number(stats.syncs),
        "syncs-saved", G_TYPE_UINT64, number(stats.syncsSaved), "bytes-synced", G_TYPE_UINT64,
        number(stats.bytesSynced), "violations", G_TYPE_UINT64, number(stats.violations),
        "stray-accesses", G_TYPE_UINT64, number(stats.strayAccesses), nullptr);
}

/**
 * gst_media_heap_report:
 * @heap: a #GstMediaHeap
 * @format: a #GstMediaHeapReportFormat
 *
 * Thread safety: any thread.
 *
 * Returns: (transfer full): who holds what in @heap, for people or for programs
 *
 * Since: 0.1
 */
gchar* gst_media_heap_report(GstMediaHeap* heap, GstMediaHeapReportFormat format) {
    g_return_val_if_fail(GST_IS_MEDIA_HEAP(heap) && heap->state->core, nullptr);
    g_return_val_if_fail(
        format == GST_MEDIA_HEAP_REPORT_TEXT || format == GST_MEDIA_HEAP_REPORT_JSON, nullptr);
    const auto wanted = format == GST_MEDIA_HEAP_REPORT_JSON ? mediaheap::ReportFormat::Json
                                                             : mediaheap::ReportFormat::Text;
    return g_strdup(heap->state->core->report(wanted).c_str());
}

/**
 * gst_media_heap_trim:
 * @heap: a #GstMediaHeap
 *
 * Gives idle memory back to the system. What pools keep ready is theirs: deactivate them first.
 *
 * Thread safety: any thread.
 *
 * Returns: the bytes given back
 *
 * Since: 0.1
 */
guint64 gst_media_heap_trim(GstMediaHeap* heap) {
    g_return_val_if_fail(GST_IS_MEDIA_HEAP(heap) && heap->state->core, 0);
    return heap->state->core->trim();
}

/**
 * gst_media_heap_destroy:
 * @heap: a #GstMediaHeap
 * @error: (nullable): return location for a #GError
 *
 * Gives all memory back to the system. @heap allocates nothing from then on; gst_media_heap_open()
 * of the same string makes a new heap. Memory that a device has imported stays valid for it.
 *
 * While memory of @heap lives nothing happens, and @error is %GST_RESOURCE_ERROR_BUSY with the
 * number and the names of the blocks.
 *
 * Thread safety: any thread.
 *
 * Returns: whether the heap is destroyed now
 *
 * Since: 0.1
 */
gboolean gst_media_heap_destroy(GstMediaHeap* heap, GError** error) {
    g_return_val_if_fail(GST_IS_MEDIA_HEAP(heap) && heap->state->core, FALSE);
    g_return_val_if_fail(error == nullptr || *error == nullptr, FALSE);
    const auto destroyed = heap->state->core->destroy();
    if (!destroyed)
        mediaheap::gst::setError(error, destroyed.error());
    return destroyed.ok();
}

// (skip): C++, and of no use to anybody but the project's plugins.

Heap* gst_media_heap_get_core(GstMediaHeap* heap) {
    g_return_val_if_fail(GST_IS_MEDIA_HEAP(heap), nullptr);
    return heap->state->core.get();
}
