// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

// What the project's own plugins need of a heap and nobody else; exported, since they are other
// libraries, and not installed.

#include <gst/mediaheap/gstmediaheap.h>
#include <mediaheap/heap.h>

G_BEGIN_DECLS

/// The core heap behind @p heap, valid as long as it. Any thread.
GST_MEDIA_HEAP_API mediaheap::Heap* gst_media_heap_get_core(GstMediaHeap* heap);

G_END_DECLS
