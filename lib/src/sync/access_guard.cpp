// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/access_guard.h"

#include <cstring>
#include <mutex>
#include <sys/mman.h>

#include "base/error.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"
#include "sync/stray_access_handler.h"

namespace mediaheap {

namespace {

template <size_t capacity> void copyText(char (&to)[capacity], const std::string& text) {
    const size_t length = std::min(text.size(), capacity - 1);
    std::memcpy(to, text.data(), length);
    to[length] = '\0';
}

} // namespace

Result<std::unique_ptr<AccessGuard>> AccessGuard::make(Kernel& kernel, void* address, size_t size,
                                                       bool writable, const Settings& settings) {
    StrayAccessHandler::install();
    std::unique_ptr<AccessGuard> guard(new AccessGuard(kernel));
    GuardedRange& range = guard->range_;
    const std::lock_guard lock(range.lock);
    range.kernel = &kernel;
    range.protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    range.writable = writable;
    range.policy = settings.policy;
    range.strays = settings.strays;
    range.block[0] = '\0';
    range.size.store(size);
    range.begin.store(reinterpret_cast<uintptr_t>(address), std::memory_order_release);
    if (Result<void> closed = guard->protect(std::nullopt); !closed) {
        range.begin.store(0);
        return std::move(closed).error();
    }
    return guard;
}

AccessGuard::~AccessGuard() { range_.release(); }

void AccessGuard::lend(const std::string& block, const std::string& heap) {
    const std::lock_guard lock(range_.lock);
    range_.live = true;
    copyText(range_.block, block);
    copyText(range_.heap, heap);
    range_.ended = {};
}

void AccessGuard::takeBack() {
    const std::lock_guard lock(range_.lock);
    range_.live = false;
}

Result<void> AccessGuard::accessOpens(Access all, const AccessRecord& oldest) {
    const std::lock_guard lock(range_.lock);
    if (Result<void> opened = protect(all); !opened)
        return opened;
    range_.oldest = oldest;
    return {};
}

Result<void> AccessGuard::accessCloses(std::optional<Access> all, const AccessRecord& ended,
                                       const AccessRecord& oldest) {
    const std::lock_guard lock(range_.lock);
    range_.ended = ended;
    range_.oldest = oldest;
    return protect(all);
}

/// With the lock of the range.
Result<void> AccessGuard::protect(std::optional<Access> all) {
    const int wanted = !all                            ? PROT_NONE
                       : includes(*all, Access::Write) ? PROT_READ | PROT_WRITE
                                                       : PROT_READ;
    if (wanted == range_.protection)
        return {};
    void* const address = reinterpret_cast<void*>(range_.begin.load());
    const int result =
        uninterrupted([&] { return kernel_.protect(address, range_.size.load(), wanted); });
    if (result < 0)
        return makeError(-result, all ? "open the CPU's mapping (mprotect)"
                                      : "close the CPU's mapping (mprotect)");
    range_.protection = wanted;
    return {};
}

} // namespace mediaheap
