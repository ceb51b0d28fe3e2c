// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The ioctl half of FakeKernel: the exporters and the buffers that they make.
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <iterator>
#include <linux/dma-heap.h>
#include <linux/sync_file.h>
#include <linux/udmabuf.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "fake_kernel.h"
#include "sources/mpp_uapi.h"
#include "sync/dmabuf_uapi.h"

namespace mediaheap::test {

namespace {

/// As of memory that a board sets aside at 1 GiB.
constexpr uint32_t firstPhysical = 0x40000000;
/// The emulation's own descriptors begin here, out of the program's way.
constexpr int keptDescriptors = 500;

} // namespace

void FakeKernel::failSync(uint64_t phase, int error, unsigned times, unsigned spared) {
    const std::lock_guard<std::mutex> lock(mutex_);
    scripted_.push_back({phase & DMA_BUF_SYNC_END, error, times, spared});
}

std::vector<SyncCall> FakeKernel::syncCalls() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return syncCalls_;
}

std::vector<uint64_t> FakeKernel::syncFlags(int fd) {
    std::vector<uint64_t> flags;
    const uint64_t identity = identityOf(fd);
    for (const SyncCall& call : syncCalls()) {
        if (call.buffer == identity && call.result == 0)
            flags.push_back(call.flags);
    }
    return flags;
}

void FakeKernel::forgetSyncCalls() {
    const std::lock_guard<std::mutex> lock(mutex_);
    syncCalls_.clear();
}

int FakeKernel::ioctl(int fd, unsigned long request, void* argument) {
    std::unique_lock<std::mutex> lock(mutex_);
    const uint64_t identity = identityOf(fd);
    if (const auto node = openNodes_.find(identity); node != openNodes_.end()) {
        if (node->second == "/dev/udmabuf" && request == UDMABUF_CREATE)
            return createUdmabuf(argument);
        if (node->second == mmzPath)
            return mmz.ioctl(identity, request, argument);
        return node->second == "/dev/udmabuf" ? -ENOTTY
                                              : heapIoctl(node->second, request, argument);
    }
    if (const auto file = syncFiles_.find(identity); file != syncFiles_.end())
        return request == SYNC_IOC_MERGE ? mergeSyncFiles(file->second, argument) : -ENOTTY;
    if (find(fd) && request == DMA_BUF_IOCTL_SYNC)
        waitForFences(lock, identity, static_cast<dma_buf_sync*>(argument)->flags);
    if (FakeDmaBuf* const buffer = find(fd))
        return bufferIoctl(identity, *buffer, request, argument);
    lock.unlock();
    return real_.ioctl(fd, request, argument);
}

int FakeKernel::newBuffer(FakeDmaBuf buffer, int accessMode, bool closeOnExec) {
    // Each buffer leaves a record behind when it goes, since close() is not seen.
    if (buffers_.size() >= 512)
        collect();
    UniqueFd memory(::memfd_create(("fake-dmabuf:" + buffer.exporter).c_str(), MFD_CLOEXEC));
    if (!memory.isValid())
        return -errno;
    if (::ftruncate(memory.get(), static_cast<off_t>(buffer.size)) != 0)
        return -errno;
    if (accessMode != O_RDWR) {
        const std::string path = "/proc/self/fd/" + std::to_string(memory.get());
        UniqueFd narrowed(::open(path.c_str(), accessMode | O_CLOEXEC));
        if (!narrowed.isValid())
            return -errno;
        memory = std::move(narrowed);
    }
    if (!closeOnExec && ::fcntl(memory.get(), F_SETFD, 0) != 0)
        return -errno;
    buffers_[identityOf(memory.get())] = std::move(buffer);
    return memory.release();
}

/// A duplicate of @p memfd, shared by all buffers made of it, so that their pages outlive it.
std::shared_ptr<UniqueFd> FakeKernel::keep(int memfd) {
    std::weak_ptr<UniqueFd>& known = kept_[identityOf(memfd)];
    std::shared_ptr<UniqueFd> keeper = known.lock();
    if (!keeper) {
        int duplicate = ::fcntl(memfd, F_DUPFD_CLOEXEC, keptDescriptors);
        if (duplicate < 0)
            duplicate = real_.duplicate(memfd);
        if (duplicate < 0)
            return nullptr;
        keeper = std::make_shared<UniqueFd>(duplicate);
        known = keeper;
    }
    return keeper;
}

/// drivers/dma-buf/udmabuf.c, udmabuf_create(), in its order.
int FakeKernel::createUdmabuf(void* argument) {
    const auto& request = *static_cast<udmabuf_create*>(argument);
    const uint64_t limit = udmabufLimitMiB << 20;
    if (request.offset % machinePageSize != 0 || request.size % machinePageSize != 0 ||
        request.size == 0 || request.size > limit)
        return -EINVAL;

    const int memfd = static_cast<int>(request.memfd);
    struct ::stat status;
    if (::fstat(memfd, &status) != 0)
        return -EBADFD;
    const int seals = ::fcntl(memfd, F_GET_SEALS);
    if (seals < 0 || find(memfd))
        return -EBADFD;
    if ((seals & F_SEAL_SHRINK) == 0 || (seals & F_SEAL_WRITE) != 0)
        return -EINVAL;
    const auto length = static_cast<uint64_t>(status.st_size);
    if (request.offset > length || request.size > length - request.offset)
        return -EINVAL;

    FakeDmaBuf buffer;
    buffer.size = static_cast<size_t>(request.size);
    buffer.exporter = "udmabuf";
    buffer.endNeedsStart = true;
    buffer.refusesPrivateMappings = true;
    buffer.offset = request.offset;
    buffer.pages = keep(memfd);
    if (!buffer.pages)
        return -EMFILE;
    return newBuffer(std::move(buffer), O_RDWR, (request.flags & UDMABUF_FLAGS_CLOEXEC) != 0);
}

uint64_t FakeKernel::heapMemoryInUse() {
    collect();
    uint64_t bytes = 0;
    for (const auto& [identity, buffer] : buffers_)
        bytes += buffer.pages ? 0 : buffer.size;
    return bytes;
}

int FakeKernel::heapIoctl(const std::string& path, unsigned long request, void* argument) {
    if (request == MppIoctl::destroy && knowsDestroy)
        return destroyHeap(path);
    // The mainline kernel goes by the call's number, of which it has one.
    return request == DMA_HEAP_IOCTL_ALLOC ? allocateFromHeap(path, argument) : -EINVAL;
}

/// As ArtInChip's, but that it looks whether somebody still has memory.
int FakeKernel::destroyHeap(const std::string& path) {
    if (destroyed_.count(path) > 0)
        return -ENODEV;
    if (heapMemoryInUse() > 0)
        return -EBUSY;
    destroyed_.insert(path);
    return 0;
}

/// drivers/dma-buf/dma-heap.c, dma_heap_ioctl_allocate().
int FakeKernel::allocateFromHeap(const std::string& path, void* argument) {
    if (destroyed_.count(path) > 0)
        return -ENODEV;
    auto& request = *static_cast<dma_heap_allocation_data*>(argument);
    if (request.fd != 0 || (request.fd_flags & ~DMA_HEAP_VALID_FD_FLAGS) != 0 ||
        (request.heap_flags & ~DMA_HEAP_VALID_HEAP_FLAGS) != 0)
        return -EINVAL;
    const uint64_t size = (request.len + machinePageSize - 1) / machinePageSize * machinePageSize;
    if (size == 0)
        return -EINVAL;
    if (dmaHeapMemory != unlimited &&
        (size > dmaHeapMemory || dmaHeapMemory - size < heapMemoryInUse()))
        return -ENOMEM;

    FakeDmaBuf buffer;
    buffer.size = static_cast<size_t>(size);
    buffer.exporter = path.substr(path.rfind('/') + 1);
    if (knowsPhysical)
        buffer.physical = firstPhysical + static_cast<uint32_t>(heapMemoryInUse());
    const int fd = newBuffer(std::move(buffer), static_cast<int>(request.fd_flags & O_ACCMODE),
                             (request.fd_flags & O_CLOEXEC) != 0);
    if (fd < 0)
        return fd;
    request.fd = static_cast<uint32_t>(fd);
    return 0;
}

int FakeKernel::bufferIoctl(uint64_t identity, FakeDmaBuf& buffer, unsigned long request,
                            void* argument) {
    switch (request) {
    case DMA_BUF_IOCTL_SYNC:
        return sync(identity, buffer, static_cast<dma_buf_sync*>(argument)->flags);
    case DMA_BUF_SET_NAME_A:
    case DMA_BUF_SET_NAME_B:
        return namingError != 0 ? -namingError : buffer.setName(static_cast<const char*>(argument));
    case DMA_BUF_IOCTL_EXPORT_SYNC_FILE:
        return knowsSyncFiles ? exportSyncFile(buffer, argument) : -ENOTTY;
    case DMA_BUF_IOCTL_IMPORT_SYNC_FILE:
        return knowsSyncFiles ? importSyncFile(buffer, argument) : -ENOTTY;
    case MppIoctl::getPhysicalAddress:
        if (!knowsPhysical)
            return -ENOTTY;
        *static_cast<uint32_t*>(argument) = buffer.physical;
        return 0;
    case DmabufRange::ioctl:
        return knowsSyncRange ? syncRange(identity, argument) : -ENOTTY;
    default:
        return -ENOTTY;
    }
}

/// dma_buf_begin_cpu_access() waits for what an access of that kind must not overtake, for ever.
void FakeKernel::waitForFences(std::unique_lock<std::mutex>& lock, uint64_t identity,
                               uint64_t flags) {
    if ((flags & DMA_BUF_SYNC_END) != 0)
        return;
    const auto isIdle = [&] {
        return buffers_.at(identity).reservation.pending(flags & DMA_BUF_SYNC_WRITE).empty();
    };
    if (isIdle())
        return;
    ++startsThatWaited_;
    fencesChanged_.wait(lock, isIdle);
}

int FakeKernel::scriptedFailure(uint64_t phase) {
    for (ScriptedFailure& failure : scripted_) {
        if (failure.times == 0 || failure.phase != phase)
            continue;
        if (failure.spared == 0) {
            --failure.times;
            return -failure.error;
        }
        --failure.spared;
    }
    return 0;
}

int FakeKernel::sync(uint64_t identity, FakeDmaBuf& buffer, uint64_t flags) {
    int result = buffer.objectionToSync(flags);
    if (result == 0)
        result = scriptedFailure(flags & DMA_BUF_SYNC_END);
    if (result == 0 && (flags & DMA_BUF_SYNC_END) == 0)
        buffer.started = true;
    syncCalls_.push_back({identity, flags, result});
    return result;
}

/// dma_buf_sync_range() of ArtInChip's kernel, but that an address outside the buffer, which theirs
/// would maintain as well, is EFAULT here.
int FakeKernel::syncRange(uint64_t identity, void* argument) {
    const auto& range = *static_cast<DmabufRange*>(argument);
    const bool writesBack = (range.flags & DmabufRange::writeBack) != 0;
    const auto offset = mappings_.offsetIn(identity, range.start, range.size);
    int result = offset ? 0 : -EFAULT;
    if (result == 0)
        result = scriptedFailure(writesBack ? DMA_BUF_SYNC_END : DMA_BUF_SYNC_START);
    syncCalls_.push_back({identity, range.flags, result, true, offset.value_or(0), range.size});
    return result;
}

} // namespace mediaheap::test
