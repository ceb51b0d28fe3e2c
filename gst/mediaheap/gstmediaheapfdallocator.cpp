// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gstmediaheapfdallocator-private.h"

#include "gstmediaheap-private.h"

using mediaheap::gst::HeapAllocator;

struct _GstMediaHeapFdAllocator {
    GstFdAllocator parent;
    HeapAllocator* behaviour;
};

G_DEFINE_FINAL_TYPE(GstMediaHeapFdAllocator, gst_media_heap_fd_allocator, GST_TYPE_FD_ALLOCATOR)

static void gst_media_heap_fd_allocator_init(GstMediaHeapFdAllocator* self) {
    self->behaviour = new HeapAllocator(GST_ALLOCATOR_CAST(self));
}

static void gst_media_heap_fd_allocator_finalize(GObject* object) noexcept {
    delete GST_MEDIA_HEAP_FD_ALLOCATOR(object)->behaviour;
    G_OBJECT_CLASS(gst_media_heap_fd_allocator_parent_class)->finalize(object);
}

static void gst_media_heap_fd_allocator_class_init(GstMediaHeapFdAllocatorClass* klass) {
    G_OBJECT_CLASS(klass)->finalize = gst_media_heap_fd_allocator_finalize;
    HeapAllocator::initClass(GST_ALLOCATOR_CLASS(klass));
}

HeapAllocator* gst_media_heap_fd_allocator_get_behaviour(GstMediaHeapFdAllocator* self) {
    return self->behaviour;
}
