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

/// What a memory is for those who import it; each kind has an allocator class of its own.
enum class MemoryKind { Descriptor, DmaBuf, Physical, PhysicalDmaBuf };
constexpr size_t memoryKinds = 4;

/// That of the blocks which @p heap makes.
MemoryKind kindOf(const Heap& heap);

/// The allocator of @p heap for a kind; one that is not the heap's own is for what was wrapped.
/// Transfer full.
GstAllocator* allocatorOf(GstMediaHeap* heap, MemoryKind kind);

/// The pools that have memory of @p heap.
HeapPools& poolsOf(GstMediaHeap* heap);

} // namespace mediaheap::gst
