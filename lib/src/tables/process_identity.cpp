// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tables/process_identity.h"

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <fcntl.h>

#include "base/error.h"
#include "kernel/file_system.h"
#include "kernel/files.h"
#include "kernel/kernel.h"

namespace mediaheap {

Result<ProcessIdentity> parseProcessStat(const std::string& line) {
    const size_t open = line.find('(');
    const size_t close = line.rfind(')');
    ProcessIdentity process;
    char state = 0;
    // proc(5): pid (comm) state, then 18 numbers that do not matter here, then the start time.
    if (open == std::string::npos || close == std::string::npos || close < open ||
        std::sscanf(line.c_str(), "%" SCNd64, &process.pid) != 1 ||
        std::sscanf(line.c_str() + close + 1,
                    " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
                    "%" SCNu64,
                    &state, &process.startTime) != 2)
        return makeError(EINVAL, "read /proc/PID/stat", "it is not as proc(5) has it");
    if (state == 'Z' || state == 'X' || state == 'x')
        return makeError(ESRCH, "read /proc/PID/stat", "the process has ended");
    process.name = line.substr(open + 1, close - open - 1);
    return process;
}

Result<ProcessIdentity> identify(Kernel& kernel, int64_t pid) {
    const Result<std::string> line =
        readSmallFile(kernel, "/proc/" + std::to_string(pid) + "/stat");
    if (!line)
        return line.error().code == ENOENT ? makeError(ESRCH, line.error().step) : line.error();
    return parseProcessStat(line.value());
}

uint64_t pidNamespace(FileSystem& files) {
    FileStatus status;
    return files.describeAt(AT_FDCWD, "/proc/self/ns/pid", /*follow=*/true, status) == 0
               ? status.inode
               : 0;
}

std::optional<bool> isRunning(Kernel& kernel, const ProcessIdentity& process) {
    const Result<ProcessIdentity> now = identify(kernel, process.pid);
    if (now)
        return now.value().startTime == process.startTime;
    return now.error().code == ESRCH ? std::optional(false) : std::nullopt;
}

} // namespace mediaheap
