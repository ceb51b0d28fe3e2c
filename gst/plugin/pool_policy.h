// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <mutex>

#include <gst/mediaheap/mediaheap.h>

namespace mediaheap::plugin {

/// Elements that hold on to one frame while the next arrives are the rule; kmssink and v4l2sink ask
/// for as many themselves.
constexpr guint leastBuffers = 2;

/// How the pools of an element get on with a heap that others use too.
struct PoolTerms {
    guint minBuffers = 0; ///< at least as many as downstream asks for, in any case
    guint maxBuffers = 0; ///< 0: any number
    guint64 maxBytes = 0; ///< 0: any number
    GstMediaHeapWhenFull whenFull = GST_MEDIA_HEAP_WHEN_FULL_RECLAIM;
    GstClockTime maxWait = GST_MEDIA_HEAP_DEFAULT_MAX_WAIT;
    guint copyThreshold = 0; ///< with fewer buffers left, frames are copied; 0: never

    /// Puts what is not about the number of buffers into @p config, of a GstMediaHeapBufferPool.
    void putInto(GstStructure* config) const;
};

/// The element properties that PoolTerms consist of.
///
/// Thread safety: the members that are not static may be called from any thread.
class PoolPolicy {
public:
    /// How many properties these are.
    static constexpr guint count = 6;
    /// Installs them, with ids from @p first on.
    static void install(GObjectClass* klass, guint first);

    /// @p property counts from 0. False where there is none with that number.
    bool set(guint property, const GValue* value);
    bool get(guint property, GValue* value) const;

    PoolTerms terms() const;

private:
    mutable std::mutex mutex_;
    PoolTerms terms_;
};

} // namespace mediaheap::plugin
