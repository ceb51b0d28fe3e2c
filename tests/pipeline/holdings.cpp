// SPDX-License-Identifier: LGPL-2.1-or-later
#include "holdings.h"

#include <filesystem>
#include <fstream>
#include <set>

/// Sanitizers keep freed memory, to see who uses it, and count what is not freed.
extern "C" size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace mediaheap::test {

Holdings holdings(GstMediaHeap* heap) {
    namespace fs = std::filesystem;
    Holdings now;
    std::multiset<std::string> descriptors;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
        std::error_code gone; // the descriptor of this very loop
        const std::string target = fs::read_symlink(entry, gone).string();
        // Without the numbers of sockets and blocks: others of the same kind are as good.
        descriptors.insert(target.substr(0, target.find_first_of("0123456789[")));
    }
    for (const std::string& descriptor : descriptors)
        now.descriptors += descriptor + "\n";
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        now.mappings++;
        for (const char* kind : {"memfd:", "/dmabuf", "/dev/"}) {
            if (line.find(kind) != std::string::npos) {
                now.shared++;
                break;
            }
        }
    }
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.rfind("VmRSS:", 0) == 0)
            now.memoryKiB = std::stol(line.substr(6));
    }
    if (__sanitizer_get_current_allocated_bytes != nullptr)
        now.memoryKiB = static_cast<long>(__sanitizer_get_current_allocated_bytes() >> 10);
    now.blocks = stat(heap, "blocks");
    now.used = stat(heap, "used");
    return now;
}

ObjectWatch::ObjectWatch() {
    GList* tracers = gst_tracing_get_active_tracers();
    for (GList* entry = tracers; entry != nullptr; entry = entry->next) {
        if (g_strcmp0(G_OBJECT_TYPE_NAME(entry->data), "GstLeaksTracer") == 0)
            tracer_ = G_OBJECT(gst_object_ref(entry->data));
    }
    g_list_free_full(tracers, gst_object_unref);
    if (tracer_ == nullptr) {
        ADD_FAILURE() << "wants GST_TRACERS=leaks";
        return;
    }
    g_signal_emit_by_name(tracer_, "activity-start-tracking");
}

ObjectWatch::~ObjectWatch() {
    if (tracer_ == nullptr)
        return;
    g_signal_emit_by_name(tracer_, "activity-stop-tracking");
    gst_object_unref(tracer_);
}

ObjectWatch::Tally ObjectWatch::tally() {
    Tally tally;
    if (tracer_ == nullptr)
        return tally;
    GstStructure* answered = nullptr;
    g_signal_emit_by_name(tracer_, "activity-get-checkpoint", &answered);
    const Owned<GstStructure> checkpoint(answered);
    const auto count = [&checkpoint](const char* list) {
        return gst_value_list_get_size(gst_structure_get_value(checkpoint.get(), list));
    };
    tally.come = count("objects-created-list");
    tally.gone = count("objects-removed-list");
    return tally;
}

} // namespace mediaheap::test
