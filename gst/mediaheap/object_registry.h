// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <mutex>

#include <gst/mediaheap/gstmediaheap.h>
#include <mediaheap/heap.h>

namespace mediaheap::gst {

/// Which GstMediaHeap stands for which core heap, so that there is one object for each. Holds no
/// reference: an object goes with its last user, and nothing is left over at gst_deinit().
///
/// Thread safety: all members may be called from any thread.
class ObjectRegistry {
public:
    static ObjectRegistry& process();

    /// The object of @p core, made by @p make (transfer full) where none lives. Transfer full.
    template <typename Make> GstMediaHeap* findOrMake(const Heap* core, Make make) {
        const std::lock_guard lock(mutex_);
        if (GstMediaHeap* found = find(core))
            return found;
        GstMediaHeap* made = make();
        remember(core, made);
        return made;
    }

    /// To be called when @p object is finalised.
    void forget(const Heap* core, const GstMediaHeap* object);

private:
    struct Entry {
        Entry() { g_weak_ref_init(&reference, nullptr); }
        ~Entry() { g_weak_ref_clear(&reference); }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

        GWeakRef reference;
        const GstMediaHeap* object = nullptr; ///< compared only, never followed
    };

    GstMediaHeap* find(const Heap* core);
    void remember(const Heap* core, GstMediaHeap* object);

    std::mutex mutex_;
    std::map<const Heap*, Entry> entries_;
};

} // namespace mediaheap::gst
