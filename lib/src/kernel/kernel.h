// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

#include <mediaheap/export.h>

namespace mediaheap {

/// What a device node is and who may open it.
struct NodeInfo {
    mode_t mode = 0;
    uid_t uid = 0;
    gid_t gid = 0;
};

/// What an open file is.
struct FileInfo {
    mode_t mode = 0;   ///< without a type for a DMA-BUF
    uint64_t size = 0; ///< bytes; 0 for a DMA-BUF before Linux 5.3
};

/// Every system call that can fail for a reason worth testing, so that tests inject faults and
/// stand-ins for device nodes. Each returns 0 or a positive result, or a negative errno; none
/// retries. close() is not here: it releases the descriptor whatever it returns (close(2)), so
/// there is nothing to inject, and stand-ins hand out real descriptors.
///
/// Thread safety: all members may be called from any thread.
class MEDIAHEAP_API Kernel {
public:
    virtual ~Kernel();

    virtual int open(const char* path, int flags) = 0;
    virtual int duplicate(int fd) = 0; ///< F_DUPFD_CLOEXEC
    virtual ssize_t read(int fd, void* buffer, size_t size) = 0;
    virtual int ioctl(int fd, unsigned long request, void* argument) = 0;

    virtual int memfdCreate(const char* name, unsigned flags) = 0;
    virtual int truncate(int fd, uint64_t size) = 0;
    virtual int addSeals(int fd, int seals) = 0;
    virtual int allocateRange(int fd, int mode, uint64_t offset, uint64_t size) = 0; ///< fallocate

    virtual int map(void* hint, size_t size, int protection, int flags, int fd, void** address) = 0;
    virtual int unmap(void* address, size_t size) = 0;
    virtual int advise(void* address, size_t size, int advice) = 0;
    virtual int protect(void* address, size_t size, int protection) = 0;

    /// poll(2) of one descriptor: the events that came, 0 after @p milliseconds (-1: never).
    virtual int poll(int fd, short events, int milliseconds) = 0;
    virtual int eventFd() = 0; ///< eventfd(2), close-on-exec, at 0

    virtual int stat(const char* path, NodeInfo& info) = 0;
    virtual int describe(int fd, FileInfo& info) = 0;             ///< fstat(2)
    virtual int64_t seek(int fd, int64_t offset, int whence) = 0; ///< lseek(2)
    virtual int control(int fd, int command, long argument) = 0;  ///< fcntl(2)
    virtual int listDirectory(const char* path, std::vector<std::string>& names) = 0;

    virtual size_t pageSize() = 0;
    virtual uint64_t physicalMemory() = 0; ///< bytes

    /// The kernel that heaps opened from now on use: the system's, unless replaced.
    static Kernel& current() noexcept;
    /// For tests: puts @p kernel in place (nullptr: the system's) and returns what was there. It
    /// must outlive every heap opened while it was in force.
    static Kernel* replace(Kernel* kernel) noexcept;
    /// The system's own.
    static Kernel& system() noexcept;
};

} // namespace mediaheap
