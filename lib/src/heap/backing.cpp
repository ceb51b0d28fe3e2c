// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/backing.h"

#include <cerrno>
#include <sys/mman.h>
#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "base/log.h"
#include "kernel/kernel.h"

namespace mediaheap {

namespace {

constexpr int unmapAttempts = 3;

int unmapPages(Kernel& kernel, void* address, size_t size) {
    // munmap() can run out of memory for its own bookkeeping; the next attempt may not.
    int result = -EINTR;
    for (int attempt = 0; attempt < unmapAttempts && result < 0; attempt++)
        result = kernel.unmap(address, size);
    return result;
}

} // namespace

Backing::Backing(Kernel& kernel, SourceMemory memory, size_t size)
    : kernel_(&kernel), memory_(std::move(memory)), size_(size) {}

Backing::Backing(Backing&& other) noexcept
    : offset(other.offset), client(other.client), exported(other.exported), foreign(other.foreign),
      cached(other.cached), name(std::move(other.name)), kernel_(other.kernel_),
      memory_(std::move(other.memory_)), size_(other.size_),
      data_(std::exchange(other.data_, nullptr)), writable_(other.writable_),
      guard_(std::move(other.guard_)) {}

Backing& Backing::operator=(Backing&& other) noexcept {
    if (this != &other) {
        unmap();
        offset = other.offset;
        client = other.client;
        exported = other.exported;
        foreign = other.foreign;
        cached = other.cached;
        name = std::move(other.name);
        kernel_ = other.kernel_;
        memory_ = std::move(other.memory_);
        size_ = other.size_;
        data_ = std::exchange(other.data_, nullptr);
        writable_ = other.writable_;
        guard_ = std::move(other.guard_);
    }
    return *this;
}

Backing::~Backing() { unmap(); }

void Backing::unmap() noexcept {
    if (!data_)
        return;
    // First: whoever strays there from now on meets another mapping, or none.
    guard_.reset();
    if (memory_.mapping) { // the source's own, which it undoes itself
        memory_.mapping.reset();
        data_ = nullptr;
        return;
    }
    const int result = unmapPages(*kernel_, data_, size_);
    if (result < 0)
        log(LogLevel::Error, "unmap " + std::to_string(size_) + " bytes: " + errnoText(-result) +
                                 "; the mapping stays until the process ends");
    data_ = nullptr;
}

Result<Backing> Backing::make(Kernel& kernel, SourceMemory memory, size_t size, size_t alignment,
                              const AccessGuard::Settings* guarded) {
    Backing backing(kernel, std::move(memory), size);
    if (Result<void> mapped = backing.mapAt(alignment); !mapped)
        return std::move(mapped).error();
    if (backing.side().needsSync()) {
        // A child of fork() would inherit the mapping, and with it a reference that keeps the
        // memory from ever being reused. A kernel that does not know the advice only loses reuse.
        const int advised = kernel.advise(backing.data_, size, MADV_DONTFORK);
        if (advised < 0)
            log(LogLevel::Debug, "keep a mapping out of forked children: " + errnoText(-advised));
    }
    backing.side().mappedAt(backing.data_);
    if (Result<void> settled = backing.side().settle(); !settled)
        return std::move(settled).error();
    if (guarded) {
        Result<std::unique_ptr<AccessGuard>> guard =
            AccessGuard::make(kernel, backing.data_, size, backing.writable_, *guarded);
        if (!guard)
            return std::move(guard).error();
        backing.guard_ = std::move(guard).value();
    }
    return backing;
}

Result<void> Backing::mapAt(size_t alignment) {
    const std::string step = "map " + std::to_string(size_) + " bytes";
    if (memory_.mapping) {
        data_ = memory_.mapping->data();
        return isAligned(alignment)
                   ? Result<void>()
                   : makeError(EOPNOTSUPP, step,
                               "its driver maps it at an address that is no multiple of " +
                                   std::to_string(alignment),
                               "ask for no more than the page size");
    }
    const size_t page = kernel_->pageSize();
    void* hint = nullptr;
    size_t reserved = 0;
    char* reservation = nullptr;

    if (alignment > page) {
        // mmap() aligns to pages only: a larger reservation is made, and the mapping placed in it.
        const auto length = checkedAdd(size_, alignment);
        void* address = nullptr;
        const int result = length ? kernel_->map(nullptr, *length, PROT_NONE,
                                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, &address)
                                  : -EOVERFLOW;
        if (result < 0)
            return makeError(-result, step + " aligned to " + std::to_string(alignment));
        reserved = *length;
        reservation = static_cast<char*>(address);
        const auto start = reinterpret_cast<uintptr_t>(reservation);
        const uintptr_t aligned = (start + alignment - 1) & ~(uintptr_t{alignment} - 1);
        hint = reservation + (aligned - start);
    }

    const int flags = MAP_SHARED | (hint ? MAP_FIXED : 0);
    const int fd = memory_.cpuView.isValid() ? memory_.cpuView.get() : memory_.fd.get();
    int result = kernel_->map(hint, size_, PROT_READ | PROT_WRITE, flags, fd, &data_);
    if (result == -EACCES || result == -EPERM) {
        writable_ = false;
        result = kernel_->map(hint, size_, PROT_READ, flags, fd, &data_);
    }
    if (result < 0) {
        data_ = nullptr;
        if (reservation)
            unmapPages(*kernel_, reservation, reserved);
        return makeError(-result, step);
    }

    if (reservation) {
        char* const begin = static_cast<char*>(data_);
        char* const end = reservation + reserved;
        if (begin > reservation)
            unmapPages(*kernel_, reservation, static_cast<size_t>(begin - reservation));
        if (begin + size_ < end)
            unmapPages(*kernel_, begin + size_, static_cast<size_t>(end - begin) - size_);
    }
    return {};
}

Holders Backing::holders() const {
    const Holders holders = side().holders(exported);
    if (holders != Holders::None)
        return holders;
    const Result<bool> idle =
        side().waitUntilIdle(Access::Write, std::chrono::milliseconds::zero());
    return idle && idle.value() ? Holders::None : Holders::Some;
}

bool Backing::isAligned(size_t alignment) const noexcept {
    if (alignment <= 1)
        return true;
    // A driver that maps by itself was asked for a physical address of that alignment, too.
    const uint64_t physical = memory_.mapping ? memory_.address.value_or(0) : 0;
    return ((reinterpret_cast<uintptr_t>(data_) | physical) & (alignment - 1)) == 0;
}

} // namespace mediaheap
