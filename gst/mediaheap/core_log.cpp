// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core_log.h"

#include <mediaheap/log.h>

#include "gstmediaheap-private.h"

namespace mediaheap::gst {

namespace {

GstDebugLevel levelOf(LogLevel level) {
    switch (level) {
    case LogLevel::Error:
        return GST_LEVEL_ERROR;
    case LogLevel::Warning:
        return GST_LEVEL_WARNING;
    case LogLevel::Info:
        return GST_LEVEL_INFO;
    case LogLevel::Debug:
        break;
    }
    return GST_LEVEL_DEBUG;
}

void write(LogLevel level, const char* line) {
    GST_CAT_LEVEL_LOG(debugCategory(), levelOf(level), nullptr, "%s", line);
}

} // namespace

GstDebugCategory* debugCategory() {
    static GstDebugCategory* const category = [] {
        GstDebugCategory* made = nullptr;
        GST_DEBUG_CATEGORY_INIT(made, "mediaheap", 0, "media heap: memory for frames");
        return made;
    }();
    return category;
}

void routeCoreLog() {
    static const LogHandler previous = setLogHandler(write);
    static_cast<void>(previous);
}

} // namespace mediaheap::gst
