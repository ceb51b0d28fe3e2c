// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "kernel/file_system.h"

namespace mediaheap {

/// The running system's calls.
class SystemFileSystem : public FileSystem {
public:
    int openAt(int directory, const char* name, int flags, mode_t mode) override;
    int makeDirectory(const char* path, mode_t mode) override;
    int removeAt(int directory, const char* name) override;
    int describe(int fd, FileStatus& status) override;
    int describeAt(int directory, const char* name, bool follow, FileStatus& status) override;
    ssize_t readAt(int fd, void* buffer, size_t size, uint64_t offset) override;
    int listenAt(const char* path) override;
    int connectTo(const char* path) override;
    int acceptFrom(int fd, uid_t& peer) override;
    ssize_t send(int fd, const void* message, size_t size) override;
    ssize_t receive(int fd, void* message, size_t size) override;
    int waitForEither(int first, int second, int milliseconds) override;
    int wake(int eventFd) override;
    pid_t processId() override;
    uid_t userId() override;
};

} // namespace mediaheap
