// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <csignal>

namespace mediaheap {

/// The handler of a signal that another has taken the place of, and which gets what is not the
/// other's as if the kernel had called it.
class PreviousHandler {
public:
    /// Before the other handler may call().
    void remember(const struct sigaction& action) noexcept { action_ = action; }

    /// From within the other handler, with its arguments. Where there was none, the default action
    /// is put back in force: the fault happens again when the handler returns, and the process ends
    /// as it would have, with the core dump of the fault.
    ///
    /// Safe in a signal handler.
    void call(int number, siginfo_t* info, void* context) noexcept;

private:
    void takeDefaultAction(int number, siginfo_t* info) noexcept;

    struct sigaction action_ {};
    std::atomic<bool> spent_{false}; // SA_RESETHAND
};

} // namespace mediaheap
