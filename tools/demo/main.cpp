// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The demo: a decoder writes its frames straight into a media heap, and everything that is claimed
// of it is measured.
#include <cstdio>
#include <string>

#include <unistd.h>

#include <gst/gst.h>
#include <gst/mediaheap/mediaheap.h>

#include "clip.h"
#include "picture.h"
#include "playback.h"

namespace {

struct Options {
    std::string heap = "auto";
    std::string picture = "demo.png";
    std::string file; ///< empty: the demo's own clip
    std::string error;
};

Options parse(int argc, char** argv) {
    gchar* heap = nullptr;
    gchar* picture = nullptr;
    gchar** files = nullptr;
    const GOptionEntry entries[] = {
        {"heap", 0, 0, G_OPTION_ARG_STRING, &heap,
         "The heap to decode into, for example udmabuf or dma-heap:system (default: auto)",
         "STRING"},
        {"picture", 0, 0, G_OPTION_ARG_FILENAME, &picture,
         "Where to write a frame read back from the heap (default: demo.png)", "PATH"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, nullptr, "[FILE]"},
        {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr},
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("- watch a decoder write its frames straight into a media heap");
    g_option_context_set_summary(
        context,
        "Plays FILE, or without one a clip of 10 s that the demo encodes for itself once,\n"
        "and measures whether the frames were decoded into the heap and how much was\n"
        "copied. Exits with 1 when something is not as promised.");
    g_option_context_add_main_entries(context, entries, nullptr);
    g_option_context_add_group(context, gst_init_get_option_group());

    Options options;
    GError* failed = nullptr;
    if (!g_option_context_parse(context, &argc, &argv, &failed)) {
        options.error = failed->message;
        g_error_free(failed);
    } else if (files && files[0] && files[1]) {
        options.error = "one file at a time";
    }
    if (heap)
        options.heap = heap;
    if (picture)
        options.picture = picture;
    if (files && files[0])
        options.file = files[0];
    g_free(heap);
    g_free(picture);
    g_strfreev(files);
    return options;
}

int fail(const std::string& why) {
    std::fflush(stdout);
    std::fprintf(stderr, "mediaheap-demo: %s\n", why.c_str());
    return 1;
}

void describe(GstMediaHeap* heap) {
    std::printf("Heap             %s%s\n", gst_media_heap_get_description(heap),
                gst_media_heap_is_dmabuf(heap) ? ", DMA-BUFs" : ", a stand-in without DMA-BUFs");
    g_auto(GStrv) passedOver = gst_media_heap_get_passed_over(heap);
    for (gchar** line = passedOver; line && *line; line++)
        std::printf("%s %s\n", line == passedOver ? "Passed over     " : "                ", *line);
}

void showProgress(guint64 frames) {
    if (!isatty(STDOUT_FILENO))
        return;
    std::printf("\rPlaying          %" G_GUINT64_FORMAT " frames\033[K", frames);
    std::fflush(stdout);
}

void endProgress() {
    if (isatty(STDOUT_FILENO))
        std::printf("\r\033[K");
}

void summarize(const demo::Outcome& outcome) {
    std::printf("\nDecoder          %s\n", outcome.decoder.c_str());
    std::printf("Frames decoded   %" G_GUINT64_FORMAT "\n", outcome.framesDecoded);
    std::printf("  into the heap  %" G_GUINT64_FORMAT " (seen as they left the decoder)\n",
                outcome.framesInHeap);
    std::printf("Bytes copied     %" G_GUINT64_FORMAT "\n", outcome.bytesCopied);
}

/// Decoders whose libraries decode into memory of their own: they copy each frame from there into
/// the buffer that they got from the pool, which nobody outside of them sees. As their sources have
/// it (gst_*_dec_handle_frame() and the functions it calls).
bool copiesInside(const std::string& decoder) {
    for (const char* known : {"vp8dec", "theoradec", "openh264dec"}) {
        if (decoder == known)
            return true;
    }
    return false;
}

/// One sentence on how the decoder used the pool that it was lent.
std::string verdict(const demo::Outcome& outcome) {
    if (outcome.framesInHeap < outcome.framesDecoded)
        return outcome.decoder + " keeps to memory of its own: mediaheapupload copied its frames "
                                 "into the heap.";
    if (copiesInside(outcome.decoder))
        return outcome.decoder + " gets its buffers from the heap, but its library decodes into "
                                 "memory of its own, and it copies each frame from there.";
    if (outcome.bytesCopied > 0)
        return outcome.decoder + " takes the heap's memory, but its frames were copied on the way.";
    return outcome.decoder + " decodes straight into the heap.";
}

/// What of the promises for the demo's own clip was not kept; empty when all were.
std::string broken(const demo::Outcome& outcome) {
    const std::string frames = std::to_string(demo::Clip::frames);
    if (outcome.framesDecoded != demo::Clip::frames || outcome.framesShown != demo::Clip::frames)
        return "the clip has " + frames + " frames, but " + std::to_string(outcome.framesDecoded) +
               " were decoded and " + std::to_string(outcome.framesShown) + " arrived";
    if (outcome.framesInHeap != outcome.framesDecoded)
        return "only " + std::to_string(outcome.framesInHeap) + " of " + frames +
               " frames were decoded into the heap";
    if (outcome.bytesCopied != 0)
        return std::to_string(outcome.bytesCopied) + " bytes were copied, 0 were promised";
    return "";
}

int run(const Options& options) {
    g_autoptr(GstElementFactory) upload = gst_element_factory_find("mediaheapupload");
    if (!upload)
        return fail("GStreamer does not find the element mediaheapupload; start the demo with "
                    "`./dev demo`, or set GST_PLUGIN_PATH to the directory of libgstmediaheap.so");

    g_autoptr(GError) error = nullptr;
    g_autoptr(GstMediaHeap) heap = gst_media_heap_open(options.heap.c_str(), &error);
    if (!heap)
        return fail(error->message);
    describe(heap);

    const bool isOwnClip = options.file.empty();
    const demo::Clip clip = isOwnClip ? demo::cachedClip() : demo::Clip{options.file, ""};
    if (!clip.error.empty())
        return fail(clip.error);
    std::printf("Clip             %s\n", clip.path.c_str());

    demo::Playback playback(heap);
    const demo::Outcome outcome = playback.play(
        isOwnClip ? demo::Playback::motionJpeg : demo::Playback::anyClip, clip.path,
        [](const std::string& report) {
            endProgress();
            std::printf("\nThe heap in the middle of the clip:\n\n%s\n", report.c_str());
        },
        showProgress);
    endProgress();
    if (!outcome.error.empty())
        return fail("cannot play " + clip.path + ": " + outcome.error);
    summarize(outcome);

    const std::string failed =
        demo::writePicture(playback.middleFrame(), playback.middleCaps(), options.picture);
    if (!failed.empty())
        return fail("writing " + options.picture + ": " + failed);
    std::printf("Picture          %s\n\n", options.picture.c_str());

    const std::string promise = isOwnClip ? broken(outcome) : "";
    if (!promise.empty())
        return fail("not as promised: " + promise);
    std::printf("%s\n", verdict(outcome).c_str());
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    const Options options = parse(argc, argv);
    if (!options.error.empty())
        return fail(options.error + "; see --help");
    return run(options);
}
