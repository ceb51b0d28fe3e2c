// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gstmediaheapphysallocator-private.h"

#include <gst/allocators/allocators.h>

#include "gstmediaheap-private.h"
#include "physical_address.h"

using mediaheap::gst::HeapAllocator;

struct _GstMediaHeapPhysAllocator {
    GstAllocator parent;
    HeapAllocator* behaviour;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstMediaHeapPhysAllocator, gst_media_heap_phys_allocator,
                              GST_TYPE_ALLOCATOR,
                              G_IMPLEMENT_INTERFACE(GST_TYPE_PHYS_MEMORY_ALLOCATOR,
                                                    mediaheap::gst::initPhysicalAddresses))

// A part of a block, or all of it: what GstFdAllocator has for those that have descriptors.
static GstMemory* gst_media_heap_phys_allocator_share(GstMemory* memory, gssize offset,
                                                      gssize size) noexcept {
    GstMemory* root = memory->parent != nullptr ? memory->parent : memory;
    auto* part = g_new0(GstMemory, 1);
    const auto flags = static_cast<GstMemoryFlags>(GST_MINI_OBJECT_FLAGS(root) |
                                                   GST_MINI_OBJECT_FLAG_LOCK_READONLY);
    gst_memory_init(part, flags, memory->allocator, root, memory->maxsize, memory->align,
                    memory->offset + static_cast<gsize>(offset), static_cast<gsize>(size));
    return part;
}

static void gst_media_heap_phys_allocator_free(GstAllocator*, GstMemory* memory) noexcept {
    g_free(memory);
}

static void gst_media_heap_phys_allocator_init(GstMediaHeapPhysAllocator* self) {
    GstAllocator* allocator = GST_ALLOCATOR_CAST(self);
    allocator->mem_type = "MediaHeapPhysMemory";
    allocator->mem_share = gst_media_heap_phys_allocator_share;
    self->behaviour = new HeapAllocator(allocator);
}

static void gst_media_heap_phys_allocator_finalize(GObject* object) noexcept {
    delete GST_MEDIA_HEAP_PHYS_ALLOCATOR(object)->behaviour;
    G_OBJECT_CLASS(gst_media_heap_phys_allocator_parent_class)->finalize(object);
}

static void gst_media_heap_phys_allocator_class_init(GstMediaHeapPhysAllocatorClass* klass) {
    G_OBJECT_CLASS(klass)->finalize = gst_media_heap_phys_allocator_finalize;
    GST_ALLOCATOR_CLASS(klass)->free = gst_media_heap_phys_allocator_free;
    HeapAllocator::initClass(GST_ALLOCATOR_CLASS(klass));
}

HeapAllocator* gst_media_heap_phys_allocator_get_behaviour(GstMediaHeapPhysAllocator* self) {
    return self->behaviour;
}
