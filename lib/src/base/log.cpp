// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/log.h"

#include <atomic>
#include <cstdio>

namespace mediaheap {

namespace {

void printToStderr(LogLevel level, const char* line) {
    if (level == LogLevel::Error || level == LogLevel::Warning)
        std::fprintf(stderr, "mediaheap: %s%s\n", level == LogLevel::Error ? "error: " : "", line);
}

std::atomic<LogHandler> handlerInForce{printToStderr};

} // namespace

LogHandler setLogHandler(LogHandler handler) noexcept {
    return handlerInForce.exchange(handler ? handler : printToStderr);
}

void writeLog(LogLevel level, const char* line) noexcept { handlerInForce.load()(level, line); }

void log(LogLevel level, const std::string& line) noexcept {
    handlerInForce.load()(level, line.c_str());
}

} // namespace mediaheap
