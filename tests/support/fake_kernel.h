// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "fake_dmabuf.h"
#include "fake_fence.h"
#include "fake_importer.h"
#include "fake_mmz.h"
#include "kernel/kernel.h"
#include "mapping_table.h"

namespace mediaheap::test {

/// An emulation of the kernel's DMA-BUF exporters on top of the real kernel: `/dev/udmabuf`,
/// `/dev/dma_heap/*`, DMA_BUF_IOCTL_SYNC, DMA_BUF_SET_NAME, `/proc/self/fdinfo` and fences. Memory,
/// descriptors and mappings are real ones, so that leaks are real too; everything it has no opinion
/// on goes to the real kernel. What is emulated refuses what Linux 6.12 refuses, with the same
/// errno.
///
/// It knows the references to a buffer of this process only. Whoever maps a udmabuf without it sees
/// empty pages.
///
/// Thread safety: the members of Kernel, as demanded there; the public variables are set before.
class FakeKernel : public Kernel {
public:
    explicit FakeKernel(Kernel& real = Kernel::system());

    // ---- The machine. Nothing is there unless added.

    /// What open(2) of a node answers, beside what stat(2) says of it.
    struct Node {
        NodeInfo info{0020600, 0, 0};
        int openError = 0; ///< an errno, as EACCES; 0 opens
    };

    void addUdmabuf(const Node& node) { nodes_["/dev/udmabuf"] = node; }
    void addUdmabuf() { addUdmabuf(Node{}); }
    void addDmaHeap(const std::string& name, const Node& node) { nodes_[heapPath(name)] = node; }
    void addDmaHeap(const std::string& name) { addDmaHeap(name, Node{}); }
    /// A heap at another place than the kernel's own.
    void addHeapNode(const std::string& path) { nodes_[path] = Node{}; }
    /// /dev/mmz_userdev, with one zone.
    void addMmz(const std::string& zone, uint64_t size) {
        nodes_[mmzPath] = Node{};
        mmz.zones[zone] = size;
    }

    static constexpr uint64_t unlimited = UINT64_MAX;

    size_t machinePageSize; ///< a multiple of the real one
    uint64_t machineMemory = 4ull << 30;
    uint64_t udmabufLimitMiB = 64;      ///< /sys/module/udmabuf/parameters/size_limit_mb
    uint64_t dmaHeapMemory = unlimited; ///< what all dma-heaps have together; more is ENOMEM
    int namingError = 0;                ///< what DMA_BUF_SET_NAME answers
    int fdinfoError = 0;                ///< what opening a fdinfo answers
    long countOffset = 0; ///< added to every `count`, as by a kernel that counts otherwise

    bool knowsSyncFiles = true;          ///< of DMA-BUFs; Linux before 6.0 does not
    bool knowsSyncRange = false;         ///< as ArtInChip's Linux 5.10: DmabufRange::ioctl
    bool knowsSize = true;               ///< in fstat() of a DMA-BUF; Linux before 5.3 says 0
    bool knowsPhysical = false;          ///< the same: MppIoctl::getPhysicalAddress
    bool knowsDestroy = false;           ///< the same, of every heap: MppIoctl::destroy
    bool refuseWritableMappings = false; ///< mapping a DMA-BUF for writing answers EACCES

    FakeMmz mmz; ///< behind its node, where there is one

    std::map<std::string, std::string> files; ///< small files: path -> text
    size_t longestRead = SIZE_MAX;            ///< read() gives no more bytes at once

    /// After @p spared calls of DMA_BUF_IOCTL_SYNC in @p phase (DMA_BUF_SYNC_START or _END) the
    /// next
    /// @p times that are valid otherwise answer @p error (positive) and do nothing. The sync of a
    /// part that invalidates counts as START, one that writes back as END.
    void failSync(uint64_t phase, int error, unsigned times = 1, unsigned spared = 0);

    // ---- What devices do.

    /// A driver that gives a device work to do on a buffer, and attaches a fence for it.
    std::shared_ptr<FakeFence> beginWork(int fd, Access access);
    /// The same without a buffer; @p fence is its fence, the result the sync_file of it.
    UniqueFd newSyncFile(std::shared_ptr<FakeFence>& fence);
    void finishWork(const std::shared_ptr<FakeFence>& fence);

    // ---- What happened.

    /// Which buffer, memfd or node a descriptor is: the same for duplicates.
    static uint64_t identityOf(int fd);
    bool isDmaBuf(int fd);
    std::vector<SyncCall> syncCalls();
    /// The flags alone, of the calls that succeeded, for a buffer.
    std::vector<uint64_t> syncFlags(int fd);
    void forgetSyncCalls();
    /// How often a START had to wait for fences, as the real one does, without an end.
    unsigned startsThatWaited();
    std::string nameOf(int fd);
    long countOf(int fd);
    /// Buffers that a descriptor or a mapping still holds; forgets the others. To be called before
    /// a LeakCheck, since the emulation keeps the memfds behind udmabufs until then.
    size_t liveBuffers();
    size_t liveMappings();

    /// How often a hole was punched into pages that a udmabuf still has.
    unsigned punchedUnderBuffers();

    /// Hardware that imports a buffer (or another process that receives a memfd).
    FakeImporter import(int fd);

    // ---- Kernel
    int open(const char* path, int flags) override;
    int duplicate(int fd) override { return real_.duplicate(fd); }
    ssize_t read(int fd, void* buffer, size_t size) override {
        return real_.read(fd, buffer, std::min(size, longestRead));
    }
    int ioctl(int fd, unsigned long request, void* argument) override;
    int memfdCreate(const char* name, unsigned flags) override;
    int truncate(int fd, uint64_t size) override;
    int addSeals(int fd, int seals) override;
    int allocateRange(int fd, int mode, uint64_t offset, uint64_t size) override;
    int map(void* hint, size_t size, int protection, int flags, int fd, void** address) override;
    int unmap(void* address, size_t size) override;
    int advise(void* address, size_t size, int advice) override;
    int protect(void* address, size_t size, int protection) override {
        return real_.protect(address, size, protection);
    }
    int poll(int fd, short events, int milliseconds) override;
    int eventFd() override { return real_.eventFd(); }
    int stat(const char* path, NodeInfo& info) override;
    int describe(int fd, FileInfo& info) override;
    int64_t seek(int fd, int64_t offset, int whence) override;
    int control(int fd, int command, long argument) override;
    int listDirectory(const char* path, std::vector<std::string>& names) override;
    size_t pageSize() override { return machinePageSize; }
    uint64_t physicalMemory() override { return machineMemory; }

private:
    struct ScriptedFailure {
        uint64_t phase = 0;
        int error = 0;
        unsigned times = 0;
        unsigned spared = 0;
    };

    static constexpr const char* mmzPath = "/dev/mmz_userdev";
    static std::string heapPath(const std::string& name) { return "/dev/dma_heap/" + name; }

    FakeDmaBuf* find(int fd);
    int openText(const std::string& text);
    int openFdinfo(int fd);
    int newBuffer(FakeDmaBuf buffer, int accessMode, bool closeOnExec);
    int createUdmabuf(void* argument);
    int heapIoctl(const std::string& path, unsigned long request, void* argument);
    int allocateFromHeap(const std::string& path, void* argument);
    int destroyHeap(const std::string& path);
    int bufferIoctl(uint64_t identity, FakeDmaBuf& buffer, unsigned long request, void* argument);
    int sync(uint64_t identity, FakeDmaBuf& buffer, uint64_t flags);
    int syncRange(uint64_t identity, void* argument);
    int scriptedFailure(uint64_t phase);
    int makeSyncFile(FakeFences fences);
    int exportSyncFile(FakeDmaBuf& buffer, void* argument);
    int importSyncFile(FakeDmaBuf& buffer, void* argument);
    int mergeSyncFiles(const FakeSyncFile& first, void* argument);
    void ringBells();
    void waitForFences(std::unique_lock<std::mutex>& lock, uint64_t identity, uint64_t flags);
    long references(uint64_t identity) const;
    size_t collect();
    bool isUnderBuffer(int memfd, uint64_t offset, uint64_t size);
    uint64_t heapMemoryInUse();
    std::shared_ptr<UniqueFd> keep(int memfd);

    Kernel& real_;
    std::mutex mutex_;
    std::map<std::string, Node> nodes_;                // path -> node
    std::map<uint64_t, std::string> openNodes_;        // identity -> path
    std::map<uint64_t, FakeDmaBuf> buffers_;           // identity -> buffer
    std::map<uint64_t, std::weak_ptr<UniqueFd>> kept_; // memfds behind udmabufs
    std::set<std::string> destroyed_;                  // paths of heaps
    MappingTable mappings_;
    unsigned punchedUnderBuffers_ = 0;
    std::vector<SyncCall> syncCalls_;
    std::vector<ScriptedFailure> scripted_;
    std::condition_variable fencesChanged_;
    std::map<uint64_t, FakeSyncFile> syncFiles_; // identity -> sync_file
    unsigned startsThatWaited_ = 0;
};

} // namespace mediaheap::test
