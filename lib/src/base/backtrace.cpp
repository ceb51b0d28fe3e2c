// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/backtrace.h"

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <map>
#include <unwind.h> // of libgcc, which the C++ library needs anyway; musl has no execinfo.h

#include "base/addr2line.h"
#include "base/code_location.h"

namespace mediaheap {

namespace {

struct Capture {
    void** frames;
    size_t capacity;
    int skip;
    size_t count;
};

_Unwind_Reason_Code visit(_Unwind_Context* context, void* argument) {
    Capture& capture = *static_cast<Capture*>(argument);
    int isExact = 0;
    const uintptr_t ip = _Unwind_GetIPInfo(context, &isExact);
    if (ip == 0 || capture.count == capture.capacity)
        return _URC_END_OF_STACK;
    if (capture.skip > 0) {
        capture.skip--;
        return _URC_NO_REASON;
    }
    // A return address is behind its call and may belong to another line already. What a signal
    // has interrupted is given exactly.
    capture.frames[capture.count++] = reinterpret_cast<void*>(isExact ? ip : ip - 1);
    return _URC_NO_REASON;
}

} // namespace

__attribute__((noinline)) size_t captureBacktrace(void** frames, size_t capacity,
                                                  int skip) noexcept {
    Capture capture{frames, capacity, skip + 1, 0};
    _Unwind_Backtrace(visit, &capture);
    return capture.count;
}

__attribute__((noinline)) std::vector<void*> captureBacktrace(int skip) {
    void* frames[longestBacktrace];
    const size_t count = captureBacktrace(frames, longestBacktrace, skip + 1);
    return std::vector<void*>(frames, frames + count);
}

std::string describeBacktrace(const std::vector<void*>& frames) {
    struct Module {
        std::vector<uint64_t> addresses;
        std::vector<size_t> frames;
    };
    std::vector<std::string> texts(frames.size());
    std::map<std::string, Module> modules;
    for (size_t n = 0; n < frames.size(); ++n) {
        CodeLocation location;
        char text[CodeLocation::longestPath + 32];
        if (locateCode(frames[n], location)) {
            std::snprintf(text, sizeof text, "%s+0x%" PRIx64, location.module, location.address);
            Module& module = modules[location.module];
            module.addresses.push_back(location.address);
            module.frames.push_back(n);
        } else {
            std::snprintf(text, sizeof text, "%p", frames[n]);
        }
        texts[n] = text;
    }
    for (const auto& [path, module] : modules) {
        const std::vector<std::string> answers = runAddr2line(path, module.addresses);
        for (size_t n = 0; n < answers.size(); ++n) {
            std::string& text = texts[module.frames[n]];
            // A function without a line is not enough to find the place.
            if (answers[n].find(" at ") != std::string::npos)
                text = answers[n];
            else if (!answers[n].empty())
                text = answers[n] + " (" + text + ")";
        }
    }

    std::string lines;
    for (size_t n = 0; n < texts.size(); ++n) {
        lines += (n > 0 ? "\n    #" : "    #") + std::to_string(n) + " ";
        for (const char c : texts[n])
            lines += c == '\n' ? std::string("\n       ") : std::string(1, c);
    }
    return lines;
}

} // namespace mediaheap
