// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap_holder.h"

namespace mediaheap::plugin {

namespace {

/// The heap that @p context carries, or NULL.
ObjectPtr<GstMediaHeap> heapOf(GstContext* context) {
    GstMediaHeap* heap = nullptr;
    if (!context || !gst_context_has_context_type(context, GST_MEDIA_HEAP_CONTEXT_TYPE) ||
        !gst_context_get_media_heap(context, &heap))
        return nullptr;
    return ObjectPtr<GstMediaHeap>(heap);
}

ContextPtr makeContext(GstMediaHeap* heap) {
    // Not persistent: an element that goes to NULL gives the memory back.
    ContextPtr context(gst_context_new(GST_MEDIA_HEAP_CONTEXT_TYPE, FALSE));
    gst_context_set_media_heap(context.get(), heap);
    return context;
}

} // namespace

void HeapHolder::setString(const gchar* heap) {
    const std::lock_guard lock(mutex_);
    string_ = heap && *heap ? heap : defaultHeap;
}

std::string HeapHolder::string() const {
    const std::lock_guard lock(mutex_);
    return string_;
}

ObjectPtr<GstMediaHeap> HeapHolder::offered() const {
    // GstElement keeps what was set, and forgets what is not persistent when it goes to NULL.
    const ContextPtr context(gst_element_get_context(element_, GST_MEDIA_HEAP_CONTEXT_TYPE));
    return heapOf(context.get());
}

ObjectPtr<GstMediaHeap> HeapHolder::get() const {
    const std::lock_guard lock(mutex_);
    return newRef(heap_.get());
}

bool HeapHolder::acquire() {
    const std::string string = this->string();
    const bool isDefault = string == defaultHeap;
    ObjectPtr<GstMediaHeap> heap = isDefault ? findOffer() : nullptr;
    const bool isOffered = heap != nullptr;
    if (!heap)
        heap = open(string);
    if (!heap)
        return false;

    GST_INFO_OBJECT(element_, "using %s heap '%s'", isOffered ? "the offered" : "the",
                    gst_media_heap_get_description(heap.get()));
    {
        const std::lock_guard lock(mutex_);
        heap_ = newRef(heap.get());
        acquiredAs_ = string;
    }
    if (!isOffered) {
        if (isDefault)
            warnOfStandIn(heap.get());
        tellOthers(heap.get());
    }
    return true;
}

bool HeapHolder::acquireAnew() {
    {
        const std::lock_guard lock(mutex_);
        if (heap_ && string_ == acquiredAs_)
            return true;
    }
    release();
    return acquire();
}

void HeapHolder::release() {
    ObjectPtr<GstMediaHeap> heap;
    const std::lock_guard lock(mutex_);
    std::swap(heap, heap_);
}

ObjectPtr<GstMediaHeap> HeapHolder::findOffer() const {
    // The order that gst_element_set_context() documents: what was set already, the neighbours,
    // then the application and the bins, which answer the message before it returns.
    if (ObjectPtr<GstMediaHeap> heap = offered())
        return heap;
    askPeers();
    if (ObjectPtr<GstMediaHeap> heap = offered())
        return heap;
    gst_element_post_message(
        element_, gst_message_new_need_context(GST_OBJECT(element_), GST_MEDIA_HEAP_CONTEXT_TYPE));
    return offered();
}

void HeapHolder::askPeers() const {
    const QueryPtr query(gst_query_new_context(GST_MEDIA_HEAP_CONTEXT_TYPE));
    for (const char* name : {"src", "sink"}) {
        const ObjectPtr<GstPad> pad(gst_element_get_static_pad(element_, name));
        if (!gst_pad_peer_query(pad.get(), query.get()))
            continue;
        GstContext* context = nullptr;
        gst_query_parse_context(query.get(), &context);
        if (heapOf(context)) {
            gst_element_set_context(element_, context);
            return;
        }
    }
}

ObjectPtr<GstMediaHeap> HeapHolder::open(const std::string& string) const {
    GError* failed = nullptr;
    ObjectPtr<GstMediaHeap> heap(gst_media_heap_open(string.c_str(), &failed));
    const ErrorPtr error(failed);
    if (heap)
        return heap;
    const bool isResource = error && error->domain == GST_RESOURCE_ERROR;
    gst_element_message_full(element_, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR,
                             isResource ? error->code : GST_RESOURCE_ERROR_FAILED,
                             g_strdup(error ? error->message : "the heap cannot be opened"),
                             g_strdup_printf("gst_media_heap_open (\"%s\") failed", string.c_str()),
                             __FILE__, GST_FUNCTION, __LINE__);
    return nullptr;
}

void HeapHolder::warnOfStandIn(GstMediaHeap* heap) const {
    if (gst_media_heap_is_dmabuf(heap))
        return;
    const StringsPtr passedOver(gst_media_heap_get_passed_over(heap));
    const StringPtr why(passedOver ? g_strjoinv("; ", passedOver.get()) : g_strdup(""));
    GST_ELEMENT_WARNING(
        element_, RESOURCE, SETTINGS,
        ("heap '%s': no source of DMA-BUFs works here, so hardware will have to copy (%s); set the "
         "property heap to the source that you want",
         gst_media_heap_get_description(heap), why.get()),
        (nullptr));
}

void HeapHolder::tellOthers(GstMediaHeap* heap) const {
    gst_element_post_message(
        element_, gst_message_new_have_context(GST_OBJECT(element_), makeContext(heap).release()));
}

bool HeapHolder::answer(GstQuery* query) const {
    const gchar* type = nullptr;
    if (GST_QUERY_TYPE(query) != GST_QUERY_CONTEXT || !gst_query_parse_context_type(query, &type) ||
        g_strcmp0(type, GST_MEDIA_HEAP_CONTEXT_TYPE) != 0)
        return false;
    const ObjectPtr<GstMediaHeap> heap = get();
    if (!heap)
        return false;
    gst_query_set_context(query, makeContext(heap.get()).get());
    return true;
}

} // namespace mediaheap::plugin
