// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clip.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>

#include <glib/gstdio.h>
#include <gst/gst.h>

#include "bus.h"

namespace demo {

namespace {

Clip failure(std::string why) { return {"", std::move(why)}; }

/// Empty on success, else what failed.
std::string encodeTo(const char* path) {
    g_autofree gchar* description =
        g_strdup_printf("videotestsrc horizontal-speed=4 num-buffers=%d "
                        "! video/x-raw,format=I420,width=%d,height=%d,framerate=%d/1 "
                        "! jpegenc ! avimux ! filesink name=file",
                        Clip::frames, Clip::width, Clip::height, Clip::framesPerSecond);
    g_autoptr(GError) error = nullptr;
    g_autoptr(GstElement) pipeline =
        gst_parse_launch_full(description, nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    if (!pipeline)
        return error->message;
    gst_object_ref_sink(pipeline);
    g_autoptr(GstElement) file = gst_bin_get_by_name(GST_BIN(pipeline), "file");
    g_object_set(file, "location", path, nullptr);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    std::string failed = waitForEnd(pipeline);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    return failed;
}

} // namespace

Clip cachedClip() {
    g_autofree gchar* directory = g_build_filename(g_get_user_cache_dir(), "mediaheap", nullptr);
    g_autofree gchar* name =
        g_strdup_printf("bars-%dx%d-%d.avi", Clip::width, Clip::height, Clip::frames);
    g_autofree gchar* path = g_build_filename(directory, name, nullptr);
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return {path, ""};

    if (g_mkdir_with_parents(directory, 0755) != 0)
        return failure(std::string("cannot make ") + directory + ": " + g_strerror(errno) +
                       "; set XDG_CACHE_HOME to a directory that can be written");
    std::printf("Encoding a clip of 10 s into %s (once)\n", path);
    // Under its name there is only ever a whole clip, also when two demos start at once.
    g_autofree gchar* unfinished = g_strconcat(path, ".XXXXXX", nullptr);
    const int fd = g_mkstemp_full(unfinished, O_RDWR | O_CLOEXEC, 0644);
    if (fd < 0)
        return failure(std::string("cannot write into ") + directory + ": " + g_strerror(errno) +
                       "; set XDG_CACHE_HOME to a directory that can be written");
    g_close(fd, nullptr);
    const std::string failed = encodeTo(unfinished);
    if (!failed.empty()) {
        g_unlink(unfinished);
        return failure("encoding the clip: " + failed);
    }
    if (g_rename(unfinished, path) != 0) {
        const int code = errno;
        g_unlink(unfinished);
        return failure(std::string("cannot rename to ") + path + ": " + g_strerror(code));
    }
    return {path, ""};
}

} // namespace demo
