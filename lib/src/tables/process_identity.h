// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

#include <mediaheap/result.h>

namespace mediaheap {

class FileSystem;
class Kernel;

/// A process, told from a later one of the same number by when it was started.
struct ProcessIdentity {
    int64_t pid = 0;
    uint64_t startTime = 0; ///< field 22 of /proc/PID/stat: ticks after boot
    std::string name;       ///< as the kernel has it, 15 bytes at most
};

/// The running process of that number; one that has ended and waits for its parent counts as none.
///
/// Errors: ESRCH there is none; EINVAL the kernel's line cannot be read; what open(2) and read(2)
/// answer.
Result<ProcessIdentity> identify(Kernel& kernel, int64_t pid);

/// The reading of one line of /proc/PID/stat. The name in it may hold blanks and parentheses.
Result<ProcessIdentity> parseProcessStat(const std::string& line);

/// The inode of this process's PID namespace, 0 where the kernel does not say. A number out of
/// another namespace names nobody here.
uint64_t pidNamespace(FileSystem& files);

/// Whether @p process still runs; nothing where that cannot be told.
std::optional<bool> isRunning(Kernel& kernel, const ProcessIdentity& process);

} // namespace mediaheap
