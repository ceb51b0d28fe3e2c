// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync_kernel.h"

#include <linux/dma-buf.h>
#include <sys/ioctl.h>

namespace mediaheap::test {

namespace {

using Lock = std::lock_guard<std::mutex>;

} // namespace

void SyncKernel::drop(uint64_t ordinal) {
    const Lock lock(syncMutex_);
    deeds_[syncs_.size() + ordinal] = {Deed::Kind::Drop};
}

void SyncKernel::turn(uint64_t ordinal, uint64_t direction) {
    const Lock lock(syncMutex_);
    deeds_[syncs_.size() + ordinal] = {Deed::Kind::Turn, direction};
}

void SyncKernel::fail(uint64_t ordinal, int error, uint64_t times) {
    const Lock lock(syncMutex_);
    for (uint64_t n = 0; n < times; ++n)
        deeds_[syncs_.size() + ordinal + n] = {Deed::Kind::Fail, 0, error};
}

void SyncKernel::delayEach(int error, uint64_t times) {
    const Lock lock(syncMutex_);
    delayError_ = error;
    delays_ = times;
    delayed_ = 0;
}

std::vector<uint64_t> SyncKernel::syncs() const {
    const Lock lock(syncMutex_);
    return syncs_;
}

uint64_t SyncKernel::refused() const {
    const Lock lock(syncMutex_);
    return refused_;
}

int SyncKernel::ioctl(int fd, unsigned long request, void* argument) {
    if (request != DMA_BUF_IOCTL_SYNC)
        return FaultKernel::ioctl(fd, request, argument);

    Deed deed{Deed::Kind::Turn};
    auto& flags = static_cast<dma_buf_sync*>(argument)->flags;
    {
        const Lock lock(syncMutex_);
        if (delayed_ < delays_) {
            ++delayed_;
            ++refused_;
            return -delayError_;
        }
        delayed_ = 0;
        syncs_.push_back(flags);
        deed.direction = flags & DMA_BUF_SYNC_RW;
        if (const auto found = deeds_.find(syncs_.size()); found != deeds_.end())
            deed = found->second;
        refused_ += deed.kind == Deed::Kind::Fail ? 1 : 0;
    }
    if (deed.kind == Deed::Kind::Drop)
        return 0;
    if (deed.kind == Deed::Kind::Fail)
        return -deed.error;
    flags = (flags & ~uint64_t{DMA_BUF_SYNC_RW}) | deed.direction;
    return FaultKernel::ioctl(fd, request, argument);
}

} // namespace mediaheap::test
