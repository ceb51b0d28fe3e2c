// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "fault_kernel.h"

namespace mediaheap::test {

/// Another kernel, with hands laid on chosen calls of DMA_BUF_IOCTL_SYNC: as a program that forgets
/// a sync, or takes the wrong one, would have made them.
///
/// Thread safety: as Kernel.
class SyncKernel : public FaultKernel {
public:
    using FaultKernel::FaultKernel;

    // Syncs are counted from now on: the next is 1.

    /// The caller is told that it went well, and nobody hears of it.
    void drop(uint64_t ordinal);
    /// It is made for @p direction (DMA_BUF_SYNC_READ, _WRITE, _RW) instead.
    void turn(uint64_t ordinal, uint64_t direction);
    /// It fails with @p error (positive), and so do the next @p times - 1.
    void fail(uint64_t ordinal, int error, uint64_t times = 1);
    /// Every sync fails @p times with @p error before it is made: for errors after which it is
    /// tried again. 0 times ends that.
    void delayEach(int error, uint64_t times);

    /// The flags of every sync so far, as the caller gave them.
    std::vector<uint64_t> syncs() const;
    /// How many calls the delays and failures have answered.
    uint64_t refused() const;

    int ioctl(int fd, unsigned long request, void* argument) override;

private:
    struct Deed {
        enum class Kind { Drop, Turn, Fail } kind = Kind::Drop;
        uint64_t direction = 0;
        int error = 0;
    };

    mutable std::mutex syncMutex_;
    std::map<uint64_t, Deed> deeds_; // by the number of the sync
    std::vector<uint64_t> syncs_;
    int delayError_ = 0;
    uint64_t delays_ = 0;
    uint64_t delayed_ = 0; // how often the sync under way was
    uint64_t refused_ = 0;
};

} // namespace mediaheap::test
