// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/stray_access_handler.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <sys/mman.h>

#include "base/addr2line.h"
#include "base/backtrace.h"
#include "base/log.h"
#include "kernel/kernel.h"
#include "sync/guarded_range.h"
#include "sync/previous_handler.h"
#include "sync/stray_access.h"

namespace mediaheap {

namespace {

PreviousHandler previous;

/// Opens the whole mapping, with the lock of @p range; 0 or an errno.
int letThrough(GuardedRange& range, MachineFault::Kind kind) noexcept {
    // No protection of ours would let these go on, and they would come back at once.
    if (kind == MachineFault::Kind::Execute)
        return EACCES;
    if (!range.writable && (kind == MachineFault::Kind::Write || range.protection == PROT_READ))
        return EACCES;
    const int wanted = range.writable ? PROT_READ | PROT_WRITE : PROT_READ;
    const int result = range.kernel->protect(reinterpret_cast<void*>(range.begin.load()),
                                             range.size.load(), wanted);
    if (result < 0)
        return -result;
    range.protection = wanted;
    if (range.strays)
        ++*range.strays;
    return 0;
}

/// False where it is nobody's guarded mapping. Comes back only from what was let through.
bool handleStray(uintptr_t address, const void* context) noexcept {
    GuardedRange* const range = GuardedRange::find(address);
    if (!range || !range->lock.lockWithin(1000))
        return false;
    if (!range->isAt(address)) {
        range->lock.unlock();
        return false;
    }
    StrayAccess stray;
    stray.address = address;
    stray.fault = MachineFault::of(context);
    // Where the machine does not tell: what may be read faults at writes only.
    if (stray.fault.kind == MachineFault::Kind::Unknown && range->protection == PROT_READ)
        stray.fault.kind = MachineFault::Kind::Write;
    stray.describe(*range);
    if (range->policy == StrayPolicy::Report) {
        stray.refusal = letThrough(*range, stray.fault.kind);
        stray.letThrough = stray.refusal == 0;
    }
    range->lock.unlock();
    stray.report();
    if (!stray.letThrough)
        std::abort();
    return true;
}

void handle(int number, siginfo_t* info, void* context) {
    const int savedErrno = errno;
    // A page that is there and may not be touched so; anything else is no doing of ours.
    const bool handled = info && info->si_code == SEGV_ACCERR &&
                         handleStray(reinterpret_cast<uintptr_t>(info->si_addr), context);
    errno = savedErrno;
    if (!handled)
        previous.call(number, info, context);
}

void installOnce() {
    // What is done for the first time may allocate.
    (void)addr2linePath();
    (void)captureBacktrace(0);

    struct sigaction before {};
    ::sigaction(SIGSEGV, nullptr, &before);
    previous.remember(before);
    struct sigaction ours {};
    ours.sa_sigaction = handle;
    // The handler before this one may need a stack of its own, to tell of an overflow; this one
    // needs none. A signal that interrupts a call is treated as before.
    ours.sa_flags = SA_SIGINFO | (before.sa_flags & (SA_ONSTACK | SA_RESTART));
    sigemptyset(&ours.sa_mask);
    ::sigaction(SIGSEGV, &ours, nullptr);

    // AddressSanitizer can be told to let nobody else have it (allow_user_segv_handler=0).
    struct sigaction now {};
    ::sigaction(SIGSEGV, nullptr, &now);
    if ((now.sa_flags & SA_SIGINFO) == 0 || now.sa_sigaction != handle)
        log(LogLevel::Warning, "the process takes no handler of SIGSEGV: stray accesses to heaps "
                               "with sanitize=1 will end it without our report");
}

} // namespace

void StrayAccessHandler::install() {
    static std::once_flag once;
    std::call_once(once, installOnce);
}

} // namespace mediaheap
