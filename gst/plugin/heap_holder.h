// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <mutex>
#include <string>

#include <gst/mediaheap/mediaheap.h>

#include "gst_ptr.h"

namespace mediaheap::plugin {

/// The heap of an element: named by its property `heap`, or while that says `auto`, one that an
/// application or a neighbour offers through a GstContext of type GST_MEDIA_HEAP_CONTEXT_TYPE.
///
/// Thread safety: all members may be called from any thread.
class HeapHolder {
public:
    static constexpr const char* defaultHeap = "auto";

    /// @p element outlives this object.
    explicit HeapHolder(GstElement* element) : element_(element) {}

    /// Takes effect with the next acquire(); NULL or an empty string restores the
    /// default.
    void setString(const gchar* heap);
    std::string string() const;

    /// Gets the heap. When it cannot be had this posts one element error, which names the heap
    /// string, the cause and the remedy.
    bool acquire();
    /// As acquire(), if the string was changed since then.
    bool acquireAnew();
    void release();

    /// The heap that was acquired, or NULL.
    ObjectPtr<GstMediaHeap> get() const;

    /// Answers a CONTEXT query with the heap that was acquired. False when @p query is none or
    /// there is no heap.
    bool answer(GstQuery* query) const;

private:
    ObjectPtr<GstMediaHeap> offered() const;
    ObjectPtr<GstMediaHeap> findOffer() const;
    ObjectPtr<GstMediaHeap> open(const std::string& string) const;
    void askPeers() const;
    void warnOfStandIn(GstMediaHeap* heap) const;
    void tellOthers(GstMediaHeap* heap) const;

    GstElement* const element_;
    mutable std::mutex mutex_;
    std::string string_ = defaultHeap;
    std::string acquiredAs_;
    ObjectPtr<GstMediaHeap> heap_;
};

} // namespace mediaheap::plugin
