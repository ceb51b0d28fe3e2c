// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/access_record.h"

#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

#include "sync/sequence.h"

namespace mediaheap {

__attribute__((noinline)) AccessRecord AccessRecord::capture(Access access, ByteRange range) {
    AccessRecord record;
    record.sequence = nextSequence();
    record.thread = static_cast<pid_t>(::syscall(SYS_gettid));
    record.access = access;
    record.range = range;
    record.depth = captureBacktrace(record.frames.data(), record.frames.size(), 1);
    return record;
}

std::string AccessRecord::text() const {
    return "access #" + std::to_string(sequence) + " " + describe(access) + ", of " +
           std::to_string(range.size) + " bytes at " + std::to_string(range.offset) +
           ", opened by thread " + std::to_string(thread) + " here:\n" +
           describeBacktrace(std::vector<void*>(frames.begin(), frames.begin() + depth));
}

const char* describe(Access access) noexcept {
    switch (access) {
    case Access::Read:
        return "for reading";
    case Access::Write:
        return "for writing";
    case Access::ReadWrite:
        break;
    }
    return "for reading and writing";
}

} // namespace mediaheap
