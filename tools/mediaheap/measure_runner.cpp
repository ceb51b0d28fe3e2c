// SPDX-License-Identifier: LGPL-2.1-or-later
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <mediaheap/unique_fd.h>

#include "measurement.h"

namespace mediaheap::tool {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* helperName = "mediaheap-measure";

Error failure(int code, std::string step, std::string cause, std::string remedy = {}) {
    Error error;
    error.code = code;
    error.step = std::move(step);
    error.cause = std::move(cause);
    error.remedy = std::move(remedy);
    return error;
}

Result<std::string> findHelper() {
#ifdef MEDIAHEAP_LIBEXEC
    const char* const chosen = std::getenv("MEDIAHEAP_LIBEXEC");
    const std::string path =
        std::string(chosen && *chosen ? chosen : MEDIAHEAP_LIBEXEC) + "/" + helperName;
    if (::access(path.c_str(), X_OK) != 0)
        return failure(ENOENT, "measure the pipeline", path + " is not there",
                       "install it with the GStreamer plugin, or set MEDIAHEAP_LIBEXEC to its "
                       "directory");
    return path;
#else
    static_cast<void>(helperName);
    return failure(EOPNOTSUPP, "measure the pipeline", "this mediaheap was built without GStreamer",
                   "describe what the board does in a plan file, or build with "
                   "-Dgstreamer=enabled");
#endif
}

/// Runs the helper; what it printed, and its exit status in @p status.
Result<std::string> run(const std::vector<std::string>& words, int& status) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return failure(errno, "make a pipe", {});
    UniqueFd reading(ends[0]);
    UniqueFd writing(ends[1]);
    std::vector<char*> arguments;
    for (const std::string& word : words)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
    pid_t child = 0;
    const int spawned =
        ::posix_spawn(&child, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (spawned != 0)
        return failure(spawned, "run " + words[0], {});
    writing.reset();

    std::string text;
    std::array<char, 4096> buffer{};
    while (true) {
        const ssize_t got = ::read(reading.get(), buffer.data(), buffer.size());
        if (got > 0)
            text.append(buffer.data(), static_cast<size_t>(got));
        else if (got == 0 || errno != EINTR)
            break;
    }
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return text;
}

uint64_t numberIn(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

std::string textIn(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

MeasuredStream streamOf(const Json& json) {
    MeasuredStream stream;
    stream.pad = textIn(json, "pad");
    stream.caps = textIn(json, "caps");
    stream.pool = textIn(json, "pool");
    stream.poolMin = numberIn(json, "pool_min");
    stream.poolMax = numberIn(json, "pool_max");
    stream.poolMade = numberIn(json, "pool_made");
    stream.inHeap = json.value("in_heap", false);
    stream.pushed = numberIn(json, "pushed");
    stream.bufferBytes = numberIn(json, "buffer_bytes");
    stream.peakBuffers = numberIn(json, "peak_buffers");
    stream.peakBytes = numberIn(json, "peak_bytes");
    return stream;
}

} // namespace

Result<Measurement> measurePipeline(const std::string& pipeline, uint64_t frames, double seconds) {
    Result<std::string> helper = findHelper();
    if (!helper)
        return std::move(helper).error();
    int status = 0;
    Result<std::string> text = run({helper.value(), "--frames=" + std::to_string(frames),
                                    "--seconds=" + std::to_string(seconds), "--", pipeline},
                                   status);
    if (!text)
        return std::move(text).error();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return failure(EIO, "measure the pipeline",
                       WIFSIGNALED(status)
                           ? "the helper died of signal " + std::to_string(WTERMSIG(status))
                           : "it did not play, for the reason above");
    const Json json = Json::parse(text.value(), nullptr, false);
    if (!json.is_object() || !json.contains("streams") || !json.contains("heaps"))
        return failure(EIO, "measure the pipeline", "the helper's answer is not understood",
                       "install tool and helper of the same version");

    Measurement measurement;
    measurement.json = text.value();
    measurement.ended = textIn(json, "ended");
    measurement.peakBytes = numberIn(json, "peak_bytes");
    measurement.peakHeapBytes = numberIn(json, "peak_heap_bytes");
    for (const Json& stream : json["streams"])
        measurement.streams.push_back(streamOf(stream));
    for (const Json& heap : json["heaps"])
        measurement.heaps.push_back({textIn(heap, "element"), textIn(heap, "heap"),
                                     numberIn(heap, "size"), numberIn(heap, "peak")});
    return measurement;
}

} // namespace mediaheap::tool
