// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <ctime>
#include <sched.h>

namespace mediaheap {

/// A mutual exclusion that a signal handler can take part in. Nothing that can raise the signal may
/// be done by those who hold it outside of the handler; in the handler it is tried for a while
/// only.
class SignalLock {
public:
    bool try_lock() noexcept { return !held_.exchange(true, std::memory_order_acquire); }
    void lock() noexcept {
        while (!try_lock())
            ::sched_yield();
    }
    /// False where it cannot be had within about @p milliseconds.
    bool lockWithin(unsigned milliseconds) noexcept {
        const timespec aMillisecond{0, 1000000};
        for (unsigned waited = 0; !try_lock(); ++waited) {
            if (waited == milliseconds)
                return false;
            ::nanosleep(&aMillisecond, nullptr);
        }
        return true;
    }
    void unlock() noexcept { held_.store(false, std::memory_order_release); }

private:
    std::atomic<bool> held_{false};
};

} // namespace mediaheap
