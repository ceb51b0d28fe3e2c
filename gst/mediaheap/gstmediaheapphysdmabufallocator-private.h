// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/allocators/allocators.h>
#include <gst/mediaheap/gstmediaheap.h>

#include "heap_allocator.h"

/// The allocator of a heap whose blocks are DMA-BUFs, and that knows their physical addresses too;
/// it implements GstPhysMemoryAllocator.
G_DECLARE_FINAL_TYPE(GstMediaHeapPhysDmaBufAllocator, gst_media_heap_phys_dmabuf_allocator, GST,
                     MEDIA_HEAP_PHYS_DMABUF_ALLOCATOR, GstDmaBufAllocator)
#define GST_TYPE_MEDIA_HEAP_PHYS_DMABUF_ALLOCATOR (gst_media_heap_phys_dmabuf_allocator_get_type())

mediaheap::gst::HeapAllocator*
gst_media_heap_phys_dmabuf_allocator_get_behaviour(GstMediaHeapPhysDmaBufAllocator* self);
