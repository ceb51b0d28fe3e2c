// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The half of FakeKernel that is about fences: poll(2), sync_files, and what waits for them.
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <linux/sync_file.h>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

#include "fake_kernel.h"
#include "sync/dmabuf_uapi.h"

namespace mediaheap::test {

namespace {

constexpr uint64_t readWrite = DMA_BUF_SYNC_RW;

bool isDirection(uint64_t flags) { return (flags & readWrite) != 0 && (flags & ~readWrite) == 0; }

} // namespace

std::shared_ptr<FakeFence> FakeKernel::beginWork(int fd, Access access) {
    const std::lock_guard<std::mutex> lock(mutex_);
    FakeDmaBuf* const buffer = find(fd);
    if (!buffer)
        std::abort();
    auto fence = std::make_shared<FakeFence>();
    buffer->reservation.add(fence, includes(access, Access::Write));
    return fence;
}

UniqueFd FakeKernel::newSyncFile(std::shared_ptr<FakeFence>& fence) {
    const std::lock_guard<std::mutex> lock(mutex_);
    fence = std::make_shared<FakeFence>();
    const int fd = makeSyncFile({fence});
    if (fd < 0)
        std::abort();
    return UniqueFd(fd);
}

void FakeKernel::finishWork(const std::shared_ptr<FakeFence>& fence) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        fence->done = true;
        ringBells();
    }
    fencesChanged_.notify_all();
}

unsigned FakeKernel::startsThatWaited() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return startsThatWaited_;
}

void FakeKernel::ringBells() {
    for (auto& [identity, file] : syncFiles_) {
        if (file.rung || !areDone(file.fences))
            continue;
        file.rung = true;
        if (::send(file.bell.get(), "", 1, MSG_NOSIGNAL) < 0 && errno != EPIPE)
            std::abort();
    }
}

int FakeKernel::makeSyncFile(FakeFences fences) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return -errno;
    FakeSyncFile& file = syncFiles_[identityOf(ends[0])];
    file.bell = UniqueFd(ends[1]);
    file.fences = std::move(fences);
    ringBells();
    return ends[0];
}

/// drivers/dma-buf/dma-buf.c, dma_buf_export_sync_file().
int FakeKernel::exportSyncFile(FakeDmaBuf& buffer, void* argument) {
    auto& request = *static_cast<dma_buf_export_sync_file*>(argument);
    if (!isDirection(request.flags))
        return -EINVAL;
    const int fd = makeSyncFile(buffer.reservation.pending(request.flags & DMA_BUF_SYNC_WRITE));
    if (fd < 0)
        return fd;
    request.fd = fd;
    return 0;
}

/// dma_buf_import_sync_file().
int FakeKernel::importSyncFile(FakeDmaBuf& buffer, void* argument) {
    const auto& request = *static_cast<dma_buf_import_sync_file*>(argument);
    if (!isDirection(request.flags))
        return -EINVAL;
    const auto file = request.fd < 0 ? syncFiles_.end() : syncFiles_.find(identityOf(request.fd));
    if (file == syncFiles_.end())
        return -EINVAL;
    for (const std::shared_ptr<FakeFence>& fence : file->second.fences)
        buffer.reservation.add(fence, (request.flags & DMA_BUF_SYNC_WRITE) != 0);
    return 0;
}

/// drivers/dma-buf/sync_file.c, sync_file_ioctl_merge().
int FakeKernel::mergeSyncFiles(const FakeSyncFile& first, void* argument) {
    auto& request = *static_cast<sync_merge_data*>(argument);
    if (request.flags != 0 || request.pad != 0)
        return -EINVAL;
    const auto second =
        request.fd2 < 0 ? syncFiles_.end() : syncFiles_.find(identityOf(request.fd2));
    if (second == syncFiles_.end())
        return -ENOENT;
    FakeFences fences = first.fences;
    fences.insert(fences.end(), second->second.fences.begin(), second->second.fences.end());
    const int fd = makeSyncFile(std::move(fences));
    if (fd < 0)
        return fd;
    request.fence = fd;
    return 0;
}

/// dma_buf_poll(). Whoever has polled in vain leaves a callback behind, which holds a reference to
/// the buffer until the fences are done.
int FakeKernel::poll(int fd, short events, int milliseconds) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!find(fd)) {
        lock.unlock();
        return real_.poll(fd, events, milliseconds);
    }
    const uint64_t identity = identityOf(fd);
    const auto ready = [&] {
        FakeDmaBuf& buffer = buffers_.at(identity);
        int came = 0;
        for (const bool forWrite : {false, true}) {
            const short event = forWrite ? POLLOUT : POLLIN;
            if ((events & event) == 0)
                continue;
            const FakeFences pending = buffer.reservation.pending(forWrite);
            if (pending.empty())
                came |= event;
            else
                buffer.polled[forWrite ? 1 : 0] = pending.front();
        }
        return came;
    };
    int came = ready();
    const auto isReady = [&] { return (came = ready()) != 0; };
    if (came == 0 && milliseconds < 0)
        fencesChanged_.wait(lock, isReady);
    else if (came == 0 && milliseconds > 0)
        fencesChanged_.wait_for(lock, std::chrono::milliseconds(milliseconds), isReady);
    return came;
}

} // namespace mediaheap::test
