// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/heap_registry.h"

#include <cerrno>

#include "base/error.h"

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
    const auto key = heap->contradictionWith(wanted);
    if (!key)
        return heap;
    return makeError(EBUSY, "open the heap",
                     "this process has it open as '" + heap->description() +
                         "', and the two disagree on " + *key,
                     "use that string, leave the key out to share the heap, or give this one a "
                     "zone= of its own");
}

} // namespace mediaheap
