// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include <gst/gst.h>

namespace demo {

/// Looks at every frame as it leaves the video decoder, before any other element has seen it: is
/// its memory the heap's? The element's own statistics are not asked.
///
/// Thread safety: all members may be called from any thread.
class DecoderWatch {
public:
    ~DecoderWatch();

    /// Watches @p decoder; only the first is watched.
    void watch(GstElement* decoder);
    /// Waits for the video decoder that appears in @p bin, and watches it.
    void watchWithin(GstElement* bin);

    /// The factory name of the decoder, empty as long as there is none.
    std::string decoderName() const;
    guint64 frames() const { return frames_; }
    guint64 framesInHeap() const { return framesInHeap_; }

private:
    static GstPadProbeReturn onFrame(GstPad* pad, GstPadProbeInfo* info, gpointer self);
    static void onElementAdded(GstBin* bin, GstBin* subBin, GstElement* element, gpointer self);

    mutable std::mutex mutex_;
    GstPad* pad_ = nullptr;
    gulong probe_ = 0;
    std::string name_;
    std::atomic<guint64> frames_ = 0;
    std::atomic<guint64> framesInHeap_ = 0;
};

} // namespace demo
