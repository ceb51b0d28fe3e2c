// SPDX-License-Identifier: LGPL-2.1-or-later
#include "object_registry.h"

namespace mediaheap::gst {

ObjectRegistry& ObjectRegistry::process() {
    // Never destroyed: objects may be finalised after the static destructors have run.
    static auto* const registry = new ObjectRegistry;
    return *registry;
}

GstMediaHeap* ObjectRegistry::find(const Heap* core) {
    const auto entry = entries_.find(core);
    if (entry == entries_.end())
        return nullptr;
    return static_cast<GstMediaHeap*>(g_weak_ref_get(&entry->second.reference));
}

void ObjectRegistry::remember(const Heap* core, GstMediaHeap* object) {
    Entry& entry = entries_[core];
    g_weak_ref_set(&entry.reference, object);
    entry.object = object;
}

void ObjectRegistry::forget(const Heap* core, const GstMediaHeap* object) {
    const std::lock_guard lock(mutex_);
    // Another object may have taken the place while this one was on its way out.
    const auto entry = entries_.find(core);
    if (entry != entries_.end() && entry->second.object == object)
        entries_.erase(entry);
}

} // namespace mediaheap::gst
