// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <gst/mediaheap/gstmediaheap.h>

#include "heap_allocator.h"

/// The allocator of a heap whose blocks have a physical address and no descriptor; it implements
/// GstPhysMemoryAllocator.
G_DECLARE_FINAL_TYPE(GstMediaHeapPhysAllocator, gst_media_heap_phys_allocator, GST,
                     MEDIA_HEAP_PHYS_ALLOCATOR, GstAllocator)
#define GST_TYPE_MEDIA_HEAP_PHYS_ALLOCATOR (gst_media_heap_phys_allocator_get_type())

mediaheap::gst::HeapAllocator*
gst_media_heap_phys_allocator_get_behaviour(GstMediaHeapPhysAllocator* self);
