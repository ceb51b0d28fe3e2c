// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/backtrace.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <unwind.h> // of libgcc, which the C++ library needs anyway; musl has no execinfo.h

#include "base/addr2line.h"
#include "base/digits.h"

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

void put(BacktraceWriter::Sink& sink, const char* text) noexcept {
    sink.take(text, std::strlen(text));
}

/// `    #7 `, on a line of its own.
void beginFrame(BacktraceWriter::Sink& sink, size_t number) noexcept {
    put(sink, number > 0 ? "\n    #" : "    #");
    put(sink, Digits(number).text());
    put(sink, " ");
}

/// The answers of addr2line, line by line.
class Answers {
public:
    explicit Answers(char* text) noexcept : rest_(text) { advance(); }

    /// Begins the answer for the next address; nullptr where nothing is known of it, else its line.
    const char* next() noexcept {
        while (line_ && !isFirst())
            advance();
        if (!line_)
            return nullptr;
        const char* const colon = std::strstr(line_, ": ");
        advance();
        return colon ? known(colon + 2) : nullptr;
    }
    /// A further line of the same answer, for a call that was inlined; nullptr where there is none.
    const char* inlined() noexcept {
        if (!line_ || isFirst())
            return nullptr;
        const char* const text = line_;
        advance();
        return known(text);
    }

private:
    bool isFirst() const noexcept { return std::strncmp(line_, "0x", 2) == 0; }
    static const char* known(const char* text) noexcept {
        return std::strncmp(text, "??", 2) == 0 ? nullptr : text;
    }
    void advance() noexcept {
        line_ = *rest_ != '\0' ? rest_ : nullptr;
        char* const end = std::strchr(rest_, '\n');
        rest_ = end ? end + 1 : rest_ + std::strlen(rest_);
        if (end)
            *end = '\0';
    }

    char* rest_;
    const char* line_ = nullptr;
};

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

void BacktraceWriter::write(void* const* frames, size_t count, const char* addr2line,
                            Sink& sink) noexcept {
    addr2line_ = addr2line;
    pending_ = 0;
    for (size_t n = 0; n < count; ++n) {
        const bool located = locateCode(frames[n], location_);
        if (pending_ > 0 && (!located || pending_ == longestBacktrace ||
                             std::strcmp(location_.module, module_) != 0))
            flush(n - pending_, sink);
        if (located) {
            std::memcpy(module_, location_.module, sizeof module_);
            addresses_[pending_++] = location_.address;
        } else {
            beginFrame(sink, n);
            put(sink, Digits::hex(reinterpret_cast<uintptr_t>(frames[n])).text());
        }
    }
    if (pending_ > 0)
        flush(count - pending_, sink);
}

/// Writes the pending calls, of which the first is number @p first.
void BacktraceWriter::flush(size_t first, Sink& sink) noexcept {
    // What took too long once is not asked for the rest.
    if (!runAddr2line(addr2line_, module_, addresses_, pending_, answer_, sizeof answer_)) {
        answer_[0] = '\0';
        addr2line_ = "";
    }
    Answers answers(answer_);
    for (size_t n = 0; n < pending_; ++n) {
        beginFrame(sink, first + n);
        const char* const answer = answers.next();
        const char* const place = answer ? std::strstr(answer, " at ") : nullptr;
        // A function without a line is not enough to find the place.
        const bool complete = place && std::strncmp(place, " at ??:", 7) != 0;
        if (answer && complete)
            put(sink, answer);
        else if (answer) {
            sink.take(answer, place ? static_cast<size_t>(place - answer) : std::strlen(answer));
            put(sink, " (");
        }
        if (!complete) {
            put(sink, module_);
            put(sink, "+");
            put(sink, Digits::hex(addresses_[n]).text());
            put(sink, answer ? ")" : "");
        }
        while (const char* const inlined = answers.inlined()) {
            put(sink, "\n       ");
            put(sink, inlined);
        }
    }
    pending_ = 0;
}

std::string describeBacktrace(const std::vector<void*>& frames) {
    class StringSink final : public BacktraceWriter::Sink {
    public:
        void take(const char* text, size_t length) noexcept override { lines.append(text, length); }
        std::string lines;
    };
    const auto writer = std::make_unique<BacktraceWriter>();
    StringSink sink;
    writer->write(frames.data(), frames.size(), addr2linePath(), sink);
    return std::move(sink.lines);
}

} // namespace mediaheap
