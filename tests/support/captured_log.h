// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include <mediaheap/log.h>

namespace mediaheap::test {

/// Collects the library's messages, and keeps them off stderr, for as long as it lives. One at a
/// time.
///
/// Thread safety: messages may come from any thread.
class CapturedLog {
public:
    CapturedLog() {
        lines().clear();
        previous_ = setLogHandler(keep);
    }
    ~CapturedLog() { setLogHandler(previous_); }
    CapturedLog(const CapturedLog&) = delete;
    CapturedLog& operator=(const CapturedLog&) = delete;

    /// The lines of @p level or worse, each ended by a newline.
    std::string text(LogLevel level = LogLevel::Warning) const {
        const std::lock_guard<std::mutex> lock(mutex());
        std::string text;
        for (const Line& line : lines()) {
            if (line.level <= level)
                text += line.text + "\n";
        }
        return text;
    }

private:
    struct Line {
        LogLevel level;
        std::string text;
    };

    static void keep(LogLevel level, const char* text) {
        const std::lock_guard<std::mutex> lock(mutex());
        lines().push_back({level, text});
    }
    static std::mutex& mutex() {
        static std::mutex guard;
        return guard;
    }
    static std::vector<Line>& lines() {
        static std::vector<Line> collected;
        return collected;
    }

    LogHandler previous_;
};

} // namespace mediaheap::test
