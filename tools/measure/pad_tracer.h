// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include <gst/gst.h>

#include "flight_log.h"

namespace measure {

/// Sees every buffer that leaves a pad of the process, and when its last reference goes, through
/// GStreamer's hooks for tracers.
///
/// Thread safety: as the hooks need it; one object in a process, which stays as long as it.
class PadTracer {
public:
    /// @p onFrames is called once, on a streaming thread, when some pad has seen @p frames buffers
    /// (0: never).
    PadTracer(guint64 frames, std::function<void()> onFrames);
    PadTracer(const PadTracer&) = delete;
    PadTracer& operator=(const PadTracer&) = delete;

    /// What was seen so far.
    FlightLog take() const;

private:
    using Key = std::tuple<GstPad*, GstBufferPool*, GstCaps*>;

    static void onPush(GObject* tracer, GstClockTime time, GstPad* pad, GstBuffer* buffer);
    static void onPushList(GObject* tracer, GstClockTime time, GstPad* pad, GstBufferList* list);
    static void onPulled(GObject* tracer, GstClockTime time, GstPad* pad, GstBuffer* buffer,
                         GstFlowReturn flow);
    static void onUnref(GObject* tracer, GstClockTime time, GstMiniObject* object, gint count);

    void push(GstPad* pad, GstBuffer* buffer);
    size_t streamOf(const Key& key);

    const guint64 frames_;
    const std::function<void()> onFrames_;
    mutable std::mutex mutex_;
    bool told_ = false;
    std::map<Key, size_t> streams_; ///< holds references, so that no address comes twice
    FlightLog log_;
};

} // namespace measure
