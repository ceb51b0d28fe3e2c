// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/system_file_system.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <mediaheap/unique_fd.h>

namespace mediaheap {

namespace {

template <typename T> T orErrno(T result) { return result < 0 ? static_cast<T>(-errno) : result; }

FileStatus statusFrom(const struct ::stat& status) {
    FileStatus result;
    result.mode = status.st_mode;
    result.uid = status.st_uid;
    result.size = static_cast<uint64_t>(status.st_size);
    result.links = status.st_nlink;
    result.inode = status.st_ino;
    result.modified = status.st_mtime;
    return result;
}

int newSocket() { return orErrno(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)); }

int setAddress(sockaddr_un& address, const char* path) {
    address = {};
    address.sun_family = AF_UNIX;
    if (std::strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    std::strcpy(address.sun_path, path);
    return 0;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

} // namespace

int SystemFileSystem::openAt(int directory, const char* name, int flags, mode_t mode) {
    return orErrno(::openat(directory, name, flags | O_CLOEXEC, mode));
}

int SystemFileSystem::makeDirectory(const char* path, mode_t mode) {
    return orErrno(::mkdir(path, mode));
}

int SystemFileSystem::removeAt(int directory, const char* name) {
    return orErrno(::unlinkat(directory, name, 0));
}

int SystemFileSystem::describe(int fd, FileStatus& status) {
    struct ::stat found;
    if (::fstat(fd, &found) < 0)
        return -errno;
    status = statusFrom(found);
    return 0;
}

int SystemFileSystem::describeAt(int directory, const char* name, bool follow, FileStatus& status) {
    struct ::stat found;
    if (::fstatat(directory, name, &found, follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    status = statusFrom(found);
    return 0;
}

ssize_t SystemFileSystem::readAt(int fd, void* buffer, size_t size, uint64_t offset) {
    return orErrno(::pread(fd, buffer, size, static_cast<off_t>(offset)));
}

int SystemFileSystem::listenAt(const char* path) {
    sockaddr_un address;
    if (const int fits = setAddress(address, path); fits < 0)
        return fits;
    UniqueFd listening(newSocket());
    if (!listening.isValid())
        return -errno;
    // Linux makes the node with the socket's own mode less the umask; nobody gets in between.
    if (::fchmod(listening.get(), 0600) < 0 ||
        ::bind(listening.get(), generic(address), sizeof address) < 0 ||
        ::listen(listening.get(), 4) < 0)
        return -errno;
    return listening.release();
}

int SystemFileSystem::connectTo(const char* path) {
    sockaddr_un address;
    if (const int fits = setAddress(address, path); fits < 0)
        return fits;
    UniqueFd connected(newSocket());
    if (!connected.isValid() || ::connect(connected.get(), generic(address), sizeof address) < 0)
        return -errno;
    return connected.release();
}

int SystemFileSystem::acceptFrom(int fd, uid_t& peer) {
    UniqueFd accepted(::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (!accepted.isValid() ||
        ::getsockopt(accepted.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
        return -errno;
    peer = credentials.uid;
    return accepted.release();
}

ssize_t SystemFileSystem::send(int fd, const void* message, size_t size) {
    return orErrno(::send(fd, message, size, MSG_NOSIGNAL | MSG_DONTWAIT));
}

ssize_t SystemFileSystem::receive(int fd, void* message, size_t size) {
    return orErrno(::recv(fd, message, size, MSG_DONTWAIT));
}

int SystemFileSystem::waitForEither(int first, int second, int milliseconds) {
    pollfd polled[2] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
    if (::poll(polled, 2, milliseconds) < 0)
        return -errno;
    return (polled[0].revents != 0 ? 1 : 0) | (polled[1].revents != 0 ? 2 : 0);
}

int SystemFileSystem::wake(int eventFd) { return orErrno(::eventfd_write(eventFd, 1)); }

pid_t SystemFileSystem::processId() { return ::getpid(); }

uid_t SystemFileSystem::userId() { return ::geteuid(); }

} // namespace mediaheap
