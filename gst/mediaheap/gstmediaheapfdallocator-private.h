// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/allocators/allocators.h>
#include <gst/mediaheap/gstmediaheap.h>

#include "heap_allocator.h"

/// The allocator of a heap whose blocks are plain file descriptors.
G_DECLARE_FINAL_TYPE(GstMediaHeapFdAllocator, gst_media_heap_fd_allocator, GST,
                     MEDIA_HEAP_FD_ALLOCATOR, GstFdAllocator)
#define GST_TYPE_MEDIA_HEAP_FD_ALLOCATOR (gst_media_heap_fd_allocator_get_type())

mediaheap::gst::HeapAllocator*
gst_media_heap_fd_allocator_get_behaviour(GstMediaHeapFdAllocator* self);
