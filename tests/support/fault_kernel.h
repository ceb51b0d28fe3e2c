// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "kernel/kernel.h"
#include "mapping_table.h"

namespace mediaheap::test {

/// The members of Kernel that can fail.
enum class Call {
    Open,
    Duplicate,
    Read,
    Ioctl,
    MemfdCreate,
    Truncate,
    AddSeals,
    AllocateRange,
    Map,
    Unmap,
    Advise,
    Protect,
    Poll,
    EventFd,
    Stat,
    Describe,
    Seek,
    Control,
    ListDirectory,
};

constexpr size_t callKinds = static_cast<size_t>(Call::ListDirectory) + 1;

const char* callName(Call kind);

/// Another kernel with faults put into it, counting the calls and keeping book of the mappings.
///
/// A call that is made to fail does nothing, but for unmap: a munmap of whole mappings cannot fail,
/// and leaving the mapping would be a leak that nobody could avoid, so the memory goes and the
/// caller is told that it did not.
///
/// Thread safety: as Kernel.
class FaultKernel : public Kernel {
public:
    explicit FaultKernel(Kernel& inner) : inner_(inner) {}

    /// The call number @p ordinal from now on (the next is 1) fails with @p error, once.
    void failNth(uint64_t ordinal, int error);
    /// Calls of @p kind from number @p ordinal from now on all fail with @p error.
    void failFrom(Call kind, uint64_t ordinal, int error);
    void clearFaults();

    uint64_t calls() const;
    uint64_t calls(Call kind) const;
    void resetCounts();
    /// What was made to fail since the last failNth() or failFrom(), as `ioctl`; empty for nothing.
    std::string fired() const;

    size_t liveMappings() const;
    /// One line for each; empty when nothing is mapped any more.
    std::string mappingsLeft() const;

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
    size_t pageSize() override { return inner_.pageSize(); }
    uint64_t physicalMemory() override { return inner_.physicalMemory(); }

private:
    struct Fault {
        uint64_t at = 0; ///< the count of calls at which it strikes; 0: never
        int error = 0;
    };

    /// Counts a call; the negative errno that it is to fail with, or 0.
    int enter(Call kind);

    Kernel& inner_;
    mutable std::mutex mutex_;
    uint64_t total_ = 0;
    std::array<uint64_t, callKinds> counts_{};
    Fault once_;
    std::array<Fault, callKinds> lasting_{};
    std::string fired_;
    MappingTable mappings_;
};

} // namespace mediaheap::test
