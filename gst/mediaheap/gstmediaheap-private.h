// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include <gst/gst.h>
#include <gst/mediaheap/gstmediaheap.h>
#include <mediaheap/heap.h>

// GLib has had final types by name since 2.70; older ones only miss the check.
#ifndef G_DEFINE_FINAL_TYPE_WITH_CODE
#define G_DEFINE_FINAL_TYPE_WITH_CODE G_DEFINE_TYPE_WITH_CODE
#endif
#ifndef G_DEFINE_FINAL_TYPE
#define G_DEFINE_FINAL_TYPE G_DEFINE_TYPE
#endif

namespace mediaheap::gst {

class HeapPools;

/// The debug category `mediaheap`, which the whole library and the core's log go to.
GstDebugCategory* debugCategory();

/// The core heap behind @p heap; null for an object that gst_media_heap_open() did not make.
const std::shared_ptr<Heap>& coreOf(GstMediaHeap* heap);

/// The allocator of @p heap for DMA-BUFs, or that for other descriptors; the one that is not the
/// heap's own kind is for what was wrapped. Transfer full.
GstAllocator* allocatorOf(GstMediaHeap* heap, bool dmabuf);

/// The pools that have memory of @p heap.
HeapPools& poolsOf(GstMediaHeap* heap);

} // namespace mediaheap::gst
