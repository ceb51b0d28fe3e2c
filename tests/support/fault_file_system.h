// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "kernel/file_system.h"

namespace mediaheap::test {

/// The system's files, with faults put into it, counting the calls. A call that is made to fail
/// does nothing.
///
/// Thread safety: as FileSystem; the public variables are set before.
class FaultFileSystem : public FileSystem {
public:
    /// The call number @p ordinal from now on (the next is 1) fails with @p error, once.
    void failNth(uint64_t ordinal, int error);
    uint64_t calls() const;
    /// What failed, as `openAt`; empty for nothing.
    std::string fired() const;

    std::optional<uid_t> user;   ///< who we are, where not who we are
    std::optional<uid_t> peer;   ///< who connects
    bool knowsNamespaces = true; ///< Linux can be built without

    int openAt(int directory, const char* name, int flags, mode_t mode) override;
    int makeDirectory(const char* path, mode_t mode) override;
    int removeAt(int directory, const char* name) override;
    int describe(int fd, FileStatus& status) override;
    int describeAt(int directory, const char* name, bool follow, FileStatus& status) override;
    ssize_t readAt(int fd, void* buffer, size_t size, uint64_t offset) override;
    int listenAt(const char* path) override;
    int connectTo(const char* path) override;
    int acceptFrom(int fd, uid_t& from) override;
    ssize_t send(int fd, const void* message, size_t size) override;
    ssize_t receive(int fd, void* message, size_t size) override;
    int waitForEither(int first, int second, int milliseconds) override;
    int wake(int eventFd) override { return inner_.wake(eventFd); } // it cannot fail
    pid_t processId() override { return inner_.processId(); }
    uid_t userId() override { return user.value_or(inner_.userId()); }

private:
    int enter(const char* call);

    FileSystem& inner_ = FileSystem::system();
    mutable std::mutex mutex_;
    uint64_t calls_ = 0;
    uint64_t at_ = 0;
    int error_ = 0;
    std::string fired_;
};

} // namespace mediaheap::test
