// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fault_file_system.h"

#include <cerrno>

namespace mediaheap::test {

namespace {

using Lock = std::lock_guard<std::mutex>;

} // namespace

void FaultFileSystem::failNth(uint64_t ordinal, int error) {
    const Lock lock(mutex_);
    at_ = calls_ + ordinal;
    error_ = error;
    fired_.clear();
}

uint64_t FaultFileSystem::calls() const {
    const Lock lock(mutex_);
    return calls_;
}

std::string FaultFileSystem::fired() const {
    const Lock lock(mutex_);
    return fired_;
}

int FaultFileSystem::enter(const char* call) {
    const Lock lock(mutex_);
    if (++calls_ != at_)
        return 0;
    fired_ = call;
    return -error_;
}

int FaultFileSystem::openAt(int directory, const char* name, int flags, mode_t mode) {
    const int fault = enter("openAt");
    return fault ? fault : inner_.openAt(directory, name, flags, mode);
}

int FaultFileSystem::makeDirectory(const char* path, mode_t mode) {
    const int fault = enter("makeDirectory");
    return fault ? fault : inner_.makeDirectory(path, mode);
}

int FaultFileSystem::removeAt(int directory, const char* name) {
    const int fault = enter("removeAt");
    return fault ? fault : inner_.removeAt(directory, name);
}

int FaultFileSystem::describe(int fd, FileStatus& status) {
    const int fault = enter("describe");
    return fault ? fault : inner_.describe(fd, status);
}

int FaultFileSystem::describeAt(int directory, const char* name, bool follow, FileStatus& status) {
    if (!knowsNamespaces && std::string(name).rfind("/proc/self/ns/", 0) == 0)
        return -ENOENT;
    const int fault = enter("describeAt");
    return fault ? fault : inner_.describeAt(directory, name, follow, status);
}

ssize_t FaultFileSystem::readAt(int fd, void* buffer, size_t size, uint64_t offset) {
    const int fault = enter("readAt");
    return fault ? fault : inner_.readAt(fd, buffer, size, offset);
}

int FaultFileSystem::listenAt(const char* path) {
    const int fault = enter("listenAt");
    return fault ? fault : inner_.listenAt(path);
}

int FaultFileSystem::connectTo(const char* path) {
    const int fault = enter("connectTo");
    return fault ? fault : inner_.connectTo(path);
}

int FaultFileSystem::acceptFrom(int fd, uid_t& from) {
    const int fault = enter("acceptFrom");
    const int accepted = fault ? fault : inner_.acceptFrom(fd, from);
    if (accepted >= 0)
        from = peer.value_or(from);
    return accepted;
}

ssize_t FaultFileSystem::send(int fd, const void* message, size_t size) {
    const int fault = enter("send");
    return fault ? fault : inner_.send(fd, message, size);
}

ssize_t FaultFileSystem::receive(int fd, void* message, size_t size) {
    const int fault = enter("receive");
    return fault ? fault : inner_.receive(fd, message, size);
}

int FaultFileSystem::waitForEither(int first, int second, int milliseconds) {
    const int fault = enter("waitForEither");
    return fault ? fault : inner_.waitForEither(first, second, milliseconds);
}

} // namespace mediaheap::test
