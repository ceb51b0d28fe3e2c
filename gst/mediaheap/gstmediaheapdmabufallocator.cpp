// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gstmediaheapdmabufallocator-private.h"

#include "gstmediaheap-private.h"

using mediaheap::gst::HeapAllocator;

struct _GstMediaHeapDmaBufAllocator {
    GstDmaBufAllocator parent;
    HeapAllocator* behaviour;
};

G_DEFINE_FINAL_TYPE(GstMediaHeapDmaBufAllocator, gst_media_heap_dmabuf_allocator,
                    GST_TYPE_DMABUF_ALLOCATOR)

static void gst_media_heap_dmabuf_allocator_init(GstMediaHeapDmaBufAllocator* self) {
    self->behaviour = new HeapAllocator(GST_ALLOCATOR_CAST(self));
}

static void gst_media_heap_dmabuf_allocator_finalize(GObject* object) noexcept {
    delete GST_MEDIA_HEAP_DMABUF_ALLOCATOR(object)->behaviour;
    G_OBJECT_CLASS(gst_media_heap_dmabuf_allocator_parent_class)->finalize(object);
}

static void gst_media_heap_dmabuf_allocator_class_init(GstMediaHeapDmaBufAllocatorClass* klass) {
    G_OBJECT_CLASS(klass)->finalize = gst_media_heap_dmabuf_allocator_finalize;
    HeapAllocator::initClass(GST_ALLOCATOR_CLASS(klass));
}

HeapAllocator* gst_media_heap_dmabuf_allocator_get_behaviour(GstMediaHeapDmaBufAllocator* self) {
    return self->behaviour;
}
