// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

#include <mediaheap/export.h>

namespace mediaheap {

/// What a file is, and whose.
struct FileStatus {
    mode_t mode = 0;
    uid_t uid = 0;
    uint64_t size = 0;
    uint64_t links = 0; ///< 0 when nothing names it any more
    uint64_t inode = 0;
    int64_t modified = 0; ///< seconds of the system's clock
};

/// The system calls on named files and local sockets, beside those on memory and devices that
/// Kernel has; for the same reason and by the same rules: each returns 0 or a positive result, or a
/// negative errno, none retries, and every descriptor is close-on-exec.
///
/// Thread safety: all members may be called from any thread.
class MEDIAHEAP_API FileSystem {
public:
    virtual ~FileSystem();

    /// openat(2); @p directory may be AT_FDCWD.
    virtual int openAt(int directory, const char* name, int flags, mode_t mode) = 0;
    virtual int makeDirectory(const char* path, mode_t mode) = 0;
    virtual int removeAt(int directory, const char* name) = 0; ///< unlinkat(2)
    virtual int describe(int fd, FileStatus& status) = 0;      ///< fstat(2)
    /// fstatat(2); of a symbolic link itself unless @p follow.
    virtual int describeAt(int directory, const char* name, bool follow, FileStatus& status) = 0;
    virtual ssize_t readAt(int fd, void* buffer, size_t size, uint64_t offset) = 0; ///< pread(2)

    /// A local socket of whole messages that listens at @p path, mode 0600.
    virtual int listenAt(const char* path) = 0;
    virtual int connectTo(const char* path) = 0;
    /// accept(2), and whose process it is at the other end (SO_PEERCRED).
    virtual int acceptFrom(int fd, uid_t& peer) = 0;
    virtual ssize_t send(int fd, const void* message, size_t size) = 0;
    /// One message; what does not fit @p size is cut off.
    virtual ssize_t receive(int fd, void* message, size_t size) = 0;

    /// poll(2) for reading from two descriptors: bit 0 and bit 1 of the result say which; 0 after
    /// @p milliseconds (-1: never).
    virtual int waitForEither(int first, int second, int milliseconds) = 0;

    virtual int wake(int eventFd) = 0; ///< adds 1 to an eventfd(2)

    virtual pid_t processId() = 0;
    virtual uid_t userId() = 0; ///< the effective one

    /// What heaps opened from now on use: the system's, unless replaced.
    static FileSystem& current() noexcept;
    /// For tests: puts @p files in place (nullptr: the system's) and returns what was there. It
    /// must outlive every heap opened while it was in force.
    static FileSystem* replace(FileSystem* files) noexcept;
    /// The system's own.
    static FileSystem& system() noexcept;
};

} // namespace mediaheap
