// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/stray_access.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/addr2line.h"
#include "base/backtrace.h"
#include "base/digits.h"

namespace mediaheap {

namespace {

/// Collects text and sends it to stderr with as few calls as it takes.
class Stderr final : public BacktraceWriter::Sink {
public:
    ~Stderr() { flush(); }

    void take(const char* text, size_t length) noexcept override {
        while (length > 0) {
            if (used_ == sizeof buffer_)
                flush();
            const size_t part = std::min(length, sizeof buffer_ - used_);
            std::memcpy(buffer_ + used_, text, part);
            used_ += part;
            text += part;
            length -= part;
        }
    }
    Stderr& operator<<(const char* text) noexcept {
        take(text, std::strlen(text));
        return *this;
    }
    Stderr& operator<<(uint64_t number) noexcept { return *this << Digits(number).text(); }

    void flush() noexcept {
        for (size_t at = 0; at < used_;) {
            const ssize_t written = ::write(STDERR_FILENO, buffer_ + at, used_ - at);
            if (written > 0)
                at += static_cast<size_t>(written);
            else if (errno != EINTR)
                break;
        }
        used_ = 0;
    }

private:
    char buffer_[512];
    size_t used_ = 0;
};

/// Instructions that have had their report; with the lock of the reports.
bool reportedBefore(uintptr_t pc) noexcept {
    static std::array<uintptr_t, 64> known{};
    static size_t next = 0;
    if (pc == 0)
        return false;
    if (std::find(known.begin(), known.end(), pc) != known.end())
        return true;
    known[next++ % known.size()] = pc;
    return false;
}

void writeBacktrace(Stderr& out, void* const* frames, size_t count) noexcept {
    static BacktraceWriter writer; // too large for the stack of a signal; with the reports' lock
    out.flush();
    writer.write(frames, count, addr2linePath(), out);
    out << "\n";
}

/// From the instruction @p pc outwards: what the handler itself has called does not matter.
void writeOwnBacktrace(Stderr& out, const MachineFault& fault) noexcept {
    static std::array<void*, longestBacktrace + 8> frames; // with the reports' lock
    const uintptr_t pc = fault.pc;
    // The unwinder looks at the code that was interrupted, which no jump has reached.
    const bool unwinds = fault.kind != MachineFault::Kind::Execute;
    const size_t count = unwinds ? captureBacktrace(frames.data(), frames.size(), 0) : 0;
    const auto end = frames.begin() + static_cast<ptrdiff_t>(count);
    const auto at = std::find(frames.begin(), end, reinterpret_cast<void*>(pc));
    if (at != end) {
        const auto left = static_cast<size_t>(end - at);
        writeBacktrace(out, &*at, std::min(left, longestBacktrace));
        return;
    }
    // Not every unwinder finds its way out of a signal handler.
    void* const only = reinterpret_cast<void*>(pc);
    writeBacktrace(out, &only, pc != 0 ? 1 : 0);
}

void writeRecord(Stderr& out, const char* what, const AccessRecord& record) noexcept {
    out << "mediaheap: " << what << ": access #" << record.sequence << " "
        << describe(record.access) << ", opened by thread " << static_cast<uint64_t>(record.thread)
        << " here:\n";
    writeBacktrace(out, record.frames.data(), record.depth);
}

const char* nameOf(MachineFault::Kind kind) noexcept {
    switch (kind) {
    case MachineFault::Kind::Read:
        return "read";
    case MachineFault::Kind::Write:
        return "write";
    case MachineFault::Kind::Execute:
        return "jump";
    case MachineFault::Kind::Unknown:
        break;
    }
    return "access";
}

} // namespace

void StrayAccess::describe(const GuardedRange& range) noexcept {
    offset = address - range.begin.load();
    size = range.size.load();
    live = range.live;
    std::memcpy(block, range.block, sizeof block);
    std::memcpy(heap, range.heap, sizeof heap);
    oldest = range.oldest;
    ended = range.ended;
}

void StrayAccess::report() const noexcept {
    static SignalLock reports;
    // Long enough for the backtraces of those who came before.
    const bool locked = reports.lockWithin(60000);
    {
        char thread[17] = "";
        ::prctl(PR_GET_NAME, thread, 0, 0, 0);
        Stderr out;
        out << "mediaheap: stray " << nameOf(fault.kind) << " at " << Digits::hex(address).text()
            << ": byte " << offset << " of the " << size << " of " << (live ? "" : "freed ")
            << "block '" << block << "' of heap '" << heap << "', by thread "
            << static_cast<uint64_t>(::syscall(SYS_gettid)) << " '" << thread << "', "
            << (!live                  ? "after it was given back"
                : oldest.sequence == 0 ? "outside any access"
                : oldest.access == Access::Read && fault.kind != MachineFault::Kind::Read
                    ? "in an access for reading"
                    : "before an access was open");
        if (letThrough && locked && reportedBefore(fault.pc)) {
            out << "; let through, as before at this place\n";
        } else {
            out << "\n";
            if (locked) {
                writeOwnBacktrace(out, fault);
                if (oldest.sequence != 0)
                    writeRecord(out, "the access that is open there", oldest);
                if (ended.sequence != 0)
                    writeRecord(out, "the last access that ended there", ended);
                else
                    out << "mediaheap: no access there has ended before\n";
            }
            if (letThrough)
                out << "mediaheap: let through; the whole block is open until the next access "
                       "there "
                       "begins or ends\n";
            else if (refusal != 0)
                out << "mediaheap: it cannot be let through (errno "
                    << static_cast<uint64_t>(refusal) << "); the program ends\n";
            else
                out << "mediaheap: the program ends; stray=report in the heap string would let it "
                       "go on\n";
        }
    }
    if (locked)
        reports.unlock();
}

} // namespace mediaheap
