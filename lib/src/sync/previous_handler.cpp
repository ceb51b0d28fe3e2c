// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/previous_handler.h"

#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

namespace mediaheap {

namespace {

/// Whether the kernel raised the signal for what the program did, so that ignoring it is out of the
/// question and the fault would happen again (sigaction(2): codes of kill() and the like are not
/// positive).
bool isFault(const siginfo_t* info) noexcept { return info && info->si_code > 0; }

} // namespace

void PreviousHandler::takeDefaultAction(int number, siginfo_t* info) noexcept {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    ::sigaction(number, &standard, nullptr);
    if (isFault(info))
        return;
    // Somebody sent it. It is blocked here and strikes when the handler returns.
    const pid_t process = ::getpid();
    const auto thread = static_cast<pid_t>(::syscall(SYS_gettid));
    if (!info || ::syscall(SYS_rt_tgsigqueueinfo, process, thread, number, info) < 0)
        ::syscall(SYS_tgkill, process, thread, number);
}

void PreviousHandler::call(int number, siginfo_t* info, void* context) noexcept {
    const bool withInfo = (action_.sa_flags & SA_SIGINFO) != 0;
    if (!withInfo && action_.sa_handler == SIG_IGN && !isFault(info))
        return;
    const bool isStandard =
        !withInfo && (action_.sa_handler == SIG_DFL || action_.sa_handler == SIG_IGN);
    const bool once = (action_.sa_flags & static_cast<int>(SA_RESETHAND)) != 0;
    if (isStandard || (once && spent_.exchange(true))) {
        takeDefaultAction(number, info);
        return;
    }

    // The signals that were to be blocked while it runs; returning restores what was.
    sigset_t blocked = action_.sa_mask;
    if ((action_.sa_flags & SA_NODEFER) == 0)
        sigaddset(&blocked, number);
    else if (context && sigismember(&static_cast<ucontext_t*>(context)->uc_sigmask, number) == 0) {
        sigset_t own;
        sigemptyset(&own);
        sigaddset(&own, number);
        ::pthread_sigmask(SIG_UNBLOCK, &own, nullptr);
    }
    ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);

    if (withInfo)
        action_.sa_sigaction(number, info, context);
    else
        action_.sa_handler(number);
}

} // namespace mediaheap
