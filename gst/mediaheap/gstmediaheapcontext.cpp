// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/mediaheap/gstmediaheap.h>

/**
 * gst_context_set_media_heap:
 * @context: a writable #GstContext of type %GST_MEDIA_HEAP_CONTEXT_TYPE
 * @heap: (nullable) (transfer none): a #GstMediaHeap
 *
 * Puts @heap into @context, for elements to use instead of opening one of their own.
 *
 * Thread safety: as for any #GstContext, the only user of a writable one.
 *
 * Since: 0.1
 */
void gst_context_set_media_heap(GstContext* context, GstMediaHeap* heap) {
    g_return_if_fail(GST_IS_CONTEXT(context));
    g_return_if_fail(gst_context_is_writable(context));
    g_return_if_fail(heap == nullptr || GST_IS_MEDIA_HEAP(heap));
    gst_structure_set(gst_context_writable_structure(context), "heap", GST_TYPE_MEDIA_HEAP, heap,
                      nullptr);
}

/**
 * gst_context_get_media_heap:
 * @context: a #GstContext
 * @heap: (out) (optional) (nullable) (transfer full): return location for the #GstMediaHeap
 *
 * Takes out of @context what gst_context_set_media_heap() has put in.
 *
 * Thread safety: any thread.
 *
 * Returns: whether @context has a heap; @heap is %NULL where it has none
 *
 * Since: 0.1
 */
gboolean gst_context_get_media_heap(GstContext* context, GstMediaHeap** heap) {
    g_return_val_if_fail(GST_IS_CONTEXT(context), FALSE);
    GstMediaHeap* found = nullptr;
    gst_structure_get(gst_context_get_structure(context), "heap", GST_TYPE_MEDIA_HEAP, &found,
                      nullptr);
    const gboolean present = found != nullptr;
    if (heap != nullptr)
        *heap = found;
    else if (present)
        gst_object_unref(found);
    return present;
}
