// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include <gst/mediaheap/mediaheap.h>

#include "decoder_watch.h"

namespace demo {

/// What a playback came to.
struct Outcome {
    std::string error; ///< empty when the clip was played to its end
    std::string decoder;
    guint64 framesDecoded = 0;
    guint64 framesInHeap = 0; ///< of those, as seen when they left the decoder
    guint64 framesShown = 0;  ///< that came out of mediaheapupload
    guint64 bytesCopied = 0;  ///< by mediaheapupload, or by others out of the heap's memory
};

/// Plays the video of a clip through mediaheapupload, as fast as it goes.
class Playback {
public:
    explicit Playback(GstMediaHeap* heap);
    ~Playback();
    Playback(const Playback&) = delete;
    Playback& operator=(const Playback&) = delete;

    /// Plays to the end. @p onMiddle is called once, with the report of the heap in the middle of
    /// the clip; @p onProgress every now and then with the frames shown so far.
    Outcome play(const std::string& description, const std::string& path,
                 const std::function<void(const std::string& report)>& onMiddle,
                 const std::function<void(guint64 frames)>& onProgress);

    /// The frame in the middle of the clip, still in the heap, and its caps; NULL before.
    GstBuffer* middleFrame() const { return frame_; }
    GstCaps* middleCaps() const { return caps_; }

    /// gst_parse_launch() descriptions for the demo's own clip, and for any.
    static constexpr const char* motionJpeg =
        "filesrc name=file ! avidemux ! jpegdec name=decoder ! mediaheapupload name=upload "
        "! fakesink sync=false";
    static constexpr const char* anyClip =
        "filesrc name=file ! decodebin name=decodebin "
        "mediaheapupload name=upload ! fakesink name=sink sync=false";

private:
    std::string build(const std::string& description, const std::string& path);
    std::string run(const std::function<void(const std::string& report)>& onMiddle,
                    const std::function<void(guint64 frames)>& onProgress);
    void findMiddle();
    void onFrame(GstPad* pad, GstBuffer* buffer);
    void keep(GstPad* pad, GstBuffer* buffer);
    guint64 bytesCopied() const;

    static GstPadProbeReturn onFrameProbe(GstPad* pad, GstPadProbeInfo* info, gpointer self);
    static void onPadAdded(GstElement* decodebin, GstPad* pad, gpointer self);

    GstMediaHeap* const heap_;
    GstElement* pipeline_ = nullptr;
    GstElement* upload_ = nullptr;
    DecoderWatch watch_;

    std::atomic<guint64> shown_ = 0;
    std::atomic<GstClockTime> middle_ = GST_CLOCK_TIME_NONE;
    std::mutex mutex_;
    bool middleReached_ = false;
    std::string report_;
    GstBuffer* frame_ = nullptr;
    GstCaps* caps_ = nullptr;
};

} // namespace demo
