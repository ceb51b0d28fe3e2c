// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "kernel/kernel.h"

namespace mediaheap {

/// The running system's calls, each one call deep.
class SystemKernel : public Kernel {
public:
    int open(const char* path, int flags) override;
    int duplicate(int fd) override;
    ssize_t read(int fd, void* buffer, size_t size) override;
    int ioctl(int fd, unsigned long request, void* argument) override;
    int memfdCreate(const char* name, unsigned flags) override;
    int truncate(int fd, uint64_t size) override;
    int addSeals(int fd, int seals) override;
    int allocateRange(int fd, int mode, uint64_t offset, uint64_t size) override;
    int map(void* hint, size_t size, int protection, int flags, int fd, void** address) override;
    int unmap(void* address, size_t size) override;
    int advise(void* address, size_t size, int advice) override;
    int protect(void* address, size_t size, int protection) override;
    int poll(int fd, short events, int milliseconds) override;
    int eventFd() override;
    int stat(const char* path, NodeInfo& info) override;
    int describe(int fd, FileInfo& info) override;
    int64_t seek(int fd, int64_t offset, int whence) override;
    int control(int fd, int command, long argument) override;
    int listDirectory(const char* path, std::vector<std::string>& names) override;
    size_t pageSize() override;
    uint64_t physicalMemory() override;
};

} // namespace mediaheap
