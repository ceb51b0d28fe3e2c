// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gstmediaheapphysdmabufallocator-private.h"

#include "gstmediaheap-private.h"
#include "physical_address.h"

using mediaheap::gst::HeapAllocator;

struct _GstMediaHeapPhysDmaBufAllocator {
    GstDmaBufAllocator parent;
    HeapAllocator* behaviour;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstMediaHeapPhysDmaBufAllocator, gst_media_heap_phys_dmabuf_allocator,
                              GST_TYPE_DMABUF_ALLOCATOR,
                              G_IMPLEMENT_INTERFACE(GST_TYPE_PHYS_MEMORY_ALLOCATOR,
                                                    mediaheap::gst::initPhysicalAddresses))

static void gst_media_heap_phys_dmabuf_allocator_init(GstMediaHeapPhysDmaBufAllocator* self) {
    self->behaviour = new HeapAllocator(GST_ALLOCATOR_CAST(self));
}

static void gst_media_heap_phys_dmabuf_allocator_finalize(GObject* object) noexcept {
    delete GST_MEDIA_HEAP_PHYS_DMABUF_ALLOCATOR(object)->behaviour;
    G_OBJECT_CLASS(gst_media_heap_phys_dmabuf_allocator_parent_class)->finalize(object);
}

static void
gst_media_heap_phys_dmabuf_allocator_class_init(GstMediaHeapPhysDmaBufAllocatorClass* klass) {
    G_OBJECT_CLASS(klass)->finalize = gst_media_heap_phys_dmabuf_allocator_finalize;
    HeapAllocator::initClass(GST_ALLOCATOR_CLASS(klass));
}

HeapAllocator*
gst_media_heap_phys_dmabuf_allocator_get_behaviour(GstMediaHeapPhysDmaBufAllocator* self) {
    return self->behaviour;
}
