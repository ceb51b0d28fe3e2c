// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fault_kernel.h"

#include <cerrno>

namespace mediaheap::test {

namespace {

using Lock = std::lock_guard<std::mutex>;

} // namespace

const char* callName(Call kind) {
    static constexpr std::array<const char*, callKinds> names = {
        "open",      "duplicate", "read",  "ioctl",   "memfdCreate",  "truncate", "addSeals",
        "fallocate", "map",       "unmap", "advise",  "protect",      "poll",     "eventFd",
        "stat",      "describe",  "seek",  "control", "listDirectory"};
    return names[static_cast<size_t>(kind)];
}

void FaultKernel::failNth(uint64_t ordinal, int error) {
    const Lock lock(mutex_);
    once_ = {total_ + ordinal, error};
    fired_.clear();
}

void FaultKernel::failFrom(Call kind, uint64_t ordinal, int error) {
    const Lock lock(mutex_);
    lasting_[static_cast<size_t>(kind)] = {counts_[static_cast<size_t>(kind)] + ordinal, error};
    fired_.clear();
}

void FaultKernel::clearFaults() {
    const Lock lock(mutex_);
    once_ = {};
    lasting_ = {};
}

uint64_t FaultKernel::calls() const {
    const Lock lock(mutex_);
    return total_;
}

uint64_t FaultKernel::calls(Call kind) const {
    const Lock lock(mutex_);
    return counts_[static_cast<size_t>(kind)];
}

void FaultKernel::resetCounts() {
    const Lock lock(mutex_);
    total_ = 0;
    counts_ = {};
}

std::string FaultKernel::fired() const {
    const Lock lock(mutex_);
    return fired_;
}

size_t FaultKernel::liveMappings() const {
    const Lock lock(mutex_);
    return mappings_.count();
}

std::string FaultKernel::mappingsLeft() const {
    const Lock lock(mutex_);
    return mappings_.text();
}

int FaultKernel::enter(Call kind) {
    const Lock lock(mutex_);
    const uint64_t count = ++counts_[static_cast<size_t>(kind)];
    const Fault& lasting = lasting_[static_cast<size_t>(kind)];
    if (++total_ == once_.at) {
        fired_ = callName(kind);
        return -once_.error;
    }
    if (lasting.at != 0 && count >= lasting.at) {
        fired_ = callName(kind);
        return -lasting.error;
    }
    return 0;
}

int FaultKernel::open(const char* path, int flags) {
    const int fault = enter(Call::Open);
    return fault ? fault : inner_.open(path, flags);
}

int FaultKernel::duplicate(int fd) {
    const int fault = enter(Call::Duplicate);
    return fault ? fault : inner_.duplicate(fd);
}

ssize_t FaultKernel::read(int fd, void* buffer, size_t size) {
    const int fault = enter(Call::Read);
    return fault ? fault : inner_.read(fd, buffer, size);
}

int FaultKernel::ioctl(int fd, unsigned long request, void* argument) {
    const int fault = enter(Call::Ioctl);
    return fault ? fault : inner_.ioctl(fd, request, argument);
}

int FaultKernel::memfdCreate(const char* name, unsigned flags) {
    const int fault = enter(Call::MemfdCreate);
    return fault ? fault : inner_.memfdCreate(name, flags);
}

int FaultKernel::truncate(int fd, uint64_t size) {
    const int fault = enter(Call::Truncate);
    return fault ? fault : inner_.truncate(fd, size);
}

int FaultKernel::addSeals(int fd, int seals) {
    const int fault = enter(Call::AddSeals);
    return fault ? fault : inner_.addSeals(fd, seals);
}

int FaultKernel::allocateRange(int fd, int mode, uint64_t offset, uint64_t size) {
    const int fault = enter(Call::AllocateRange);
    return fault ? fault : inner_.allocateRange(fd, mode, offset, size);
}

int FaultKernel::map(void* hint, size_t size, int protection, int flags, int fd, void** address) {
    if (const int fault = enter(Call::Map))
        return fault;
    const Lock lock(mutex_);
    const int result = inner_.map(hint, size, protection, flags, fd, address);
    if (result == 0)
        mappings_.map(*address, size, static_cast<uint64_t>(fd) + 1);
    return result;
}

int FaultKernel::unmap(void* address, size_t size) {
    const int fault = enter(Call::Unmap);
    const Lock lock(mutex_);
    const int result = inner_.unmap(address, size);
    if (result == 0)
        mappings_.unmap(address, size);
    return fault ? fault : result;
}

int FaultKernel::advise(void* address, size_t size, int advice) {
    const int fault = enter(Call::Advise);
    return fault ? fault : inner_.advise(address, size, advice);
}

int FaultKernel::protect(void* address, size_t size, int protection) {
    const int fault = enter(Call::Protect);
    return fault ? fault : inner_.protect(address, size, protection);
}

int FaultKernel::poll(int fd, short events, int milliseconds) {
    const int fault = enter(Call::Poll);
    return fault ? fault : inner_.poll(fd, events, milliseconds);
}

int FaultKernel::eventFd() {
    const int fault = enter(Call::EventFd);
    return fault ? fault : inner_.eventFd();
}

int FaultKernel::stat(const char* path, NodeInfo& info) {
    const int fault = enter(Call::Stat);
    return fault ? fault : inner_.stat(path, info);
}

int FaultKernel::describe(int fd, FileInfo& info) {
    const int fault = enter(Call::Describe);
    return fault ? fault : inner_.describe(fd, info);
}

int64_t FaultKernel::seek(int fd, int64_t offset, int whence) {
    const int fault = enter(Call::Seek);
    return fault ? fault : inner_.seek(fd, offset, whence);
}

int FaultKernel::control(int fd, int command, long argument) {
    const int fault = enter(Call::Control);
    return fault ? fault : inner_.control(fd, command, argument);
}

int FaultKernel::listDirectory(const char* path, std::vector<std::string>& names) {
    const int fault = enter(Call::ListDirectory);
    return fault ? fault : inner_.listDirectory(path, names);
}

} // namespace mediaheap::test
