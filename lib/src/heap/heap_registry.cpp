// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/heap_registry.h"

namespace mediaheap {

HeapRegistry& HeapRegistry::instance() noexcept {
    // Never destroyed: heaps are opened and closed while the program exits, too.
    static HeapRegistry* const registry = new HeapRegistry;
    return *registry;
}

Result<std::shared_ptr<Heap>> HeapRegistry::find(const HeapString& wanted) {
    const auto entry = heaps_.find(wanted.facility());
    if (entry == heaps_.end())
        return std::shared_ptr<Heap>();
    std::shared_ptr<Heap> heap = entry->second.lock();
    if (!heap || heap->isDestroyed()) {
        heaps_.erase(entry);
        return std::shared_ptr<Heap>();
    }
    if (Result<void> shared = heap->checkShared(wanted); !shared)
        return std::move(shared).error();
    return heap;
}

} // namespace mediaheap
