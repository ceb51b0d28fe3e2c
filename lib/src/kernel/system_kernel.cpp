// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/system_kernel.h"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mediaheap {

namespace {

template <typename T> T orErrno(T result) { return result < 0 ? static_cast<T>(-errno) : result; }

} // namespace

int SystemKernel::open(const char* path, int flags) {
    return orErrno(::open(path, flags | O_CLOEXEC));
}

int SystemKernel::duplicate(int fd) { return orErrno(::fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

ssize_t SystemKernel::read(int fd, void* buffer, size_t size) {
    return orErrno(::read(fd, buffer, size));
}

int SystemKernel::ioctl(int fd, unsigned long request, void* argument) {
    return orErrno(::ioctl(fd, request, argument));
}

int SystemKernel::memfdCreate(const char* name, unsigned flags) {
    return orErrno(::memfd_create(name, flags | MFD_CLOEXEC));
}

int SystemKernel::truncate(int fd, uint64_t size) {
    return orErrno(::ftruncate(fd, static_cast<off_t>(size)));
}

int SystemKernel::addSeals(int fd, int seals) { return orErrno(::fcntl(fd, F_ADD_SEALS, seals)); }

int SystemKernel::allocateRange(int fd, int mode, uint64_t offset, uint64_t size) {
    return orErrno(::fallocate(fd, mode, static_cast<off_t>(offset), static_cast<off_t>(size)));
}

int SystemKernel::map(void* hint, size_t size, int protection, int flags, int fd, void** address) {
    void* const result = ::mmap(hint, size, protection, flags, fd, 0);
    if (result == MAP_FAILED)
        return -errno;
    *address = result;
    return 0;
}

int SystemKernel::unmap(void* address, size_t size) { return orErrno(::munmap(address, size)); }

int SystemKernel::advise(void* address, size_t size, int advice) {
    return orErrno(::madvise(address, size, advice));
}

int SystemKernel::protect(void* address, size_t size, int protection) {
    return orErrno(::mprotect(address, size, protection));
}

int SystemKernel::poll(int fd, short events, int milliseconds) {
    pollfd polled{fd, events, 0};
    const int ready = ::poll(&polled, 1, milliseconds);
    return ready < 0 ? -errno : ready == 0 ? 0 : polled.revents;
}

int SystemKernel::eventFd() { return orErrno(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int SystemKernel::stat(const char* path, NodeInfo& info) {
    struct ::stat status;
    if (::stat(path, &status) < 0)
        return -errno;
    info.mode = status.st_mode;
    info.uid = status.st_uid;
    info.gid = status.st_gid;
    return 0;
}

int SystemKernel::describe(int fd, FileInfo& info) {
    struct ::stat status;
    if (::fstat(fd, &status) < 0)
        return -errno;
    info.mode = status.st_mode;
    info.size = static_cast<uint64_t>(status.st_size);
    return 0;
}

int64_t SystemKernel::seek(int fd, int64_t offset, int whence) {
    return orErrno(static_cast<int64_t>(::lseek(fd, static_cast<off_t>(offset), whence)));
}

int SystemKernel::control(int fd, int command, long argument) {
    return orErrno(::fcntl(fd, command, argument));
}

int SystemKernel::listDirectory(const char* path, std::vector<std::string>& names) {
    DIR* const directory = ::opendir(path);
    if (!directory)
        return -errno;
    while (const dirent* const entry = ::readdir(directory)) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..")
            names.push_back(name);
    }
    ::closedir(directory);
    return 0;
}

size_t SystemKernel::pageSize() { return static_cast<size_t>(::sysconf(_SC_PAGESIZE)); }

uint64_t SystemKernel::physicalMemory() {
    return static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * pageSize();
}

} // namespace mediaheap
