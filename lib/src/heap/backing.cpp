// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/backing.h"

#include <cerrno>
#include <cstdlib>
#include <sys/mman.h>
#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "base/log.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"
#include "sources/node.h"

namespace mediaheap {

namespace {

constexpr int unmapAttempts = 3;

/// The `count:` line of a DMA-BUF's fdinfo (Linux, drivers/dma-buf/dma-buf.c,
/// dma_buf_show_fdinfo()): the references to its file. Nothing where the kernel gives no such line
/// (before 5.3) or /proc is not mounted.
Result<std::optional<uint64_t>> readCount(Kernel& kernel, int fd) {
    const Result<std::string> text =
        readSmallFile(kernel, "/proc/self/fdinfo/" + std::to_string(fd));
    if (!text && text.error().code != ENOENT)
        return text.error();
    const std::string marker = "\ncount:";
    const size_t at = text ? text.value().find(marker) : std::string::npos;
    if (at == std::string::npos)
        return std::optional<uint64_t>();
    const char* const digits = text.value().c_str() + at + marker.size();
    return std::optional<uint64_t>(std::strtoull(digits, nullptr, 10));
}

int unmapPages(Kernel& kernel, void* address, size_t size) {
    // munmap() can run out of memory for its own bookkeeping; the next attempt may not.
    int result = -EINTR;
    for (int attempt = 0; attempt < unmapAttempts && result < 0; attempt++)
        result = kernel.unmap(address, size);
    return result;
}

} // namespace

Backing::Backing(Kernel& kernel, UniqueFd fd, size_t size)
    : kernel_(&kernel), fd_(std::move(fd)), size_(size) {}

Backing::Backing(Backing&& other) noexcept
    : offset(other.offset), client(other.client), exported(other.exported),
      name(std::move(other.name)), kernel_(other.kernel_), fd_(std::move(other.fd_)),
      size_(other.size_), data_(std::exchange(other.data_, nullptr)), writable_(other.writable_),
      counted_(other.counted_), baseline_(other.baseline_) {}

Backing& Backing::operator=(Backing&& other) noexcept {
    if (this != &other) {
        unmap();
        offset = other.offset;
        client = other.client;
        exported = other.exported;
        name = std::move(other.name);
        kernel_ = other.kernel_;
        fd_ = std::move(other.fd_);
        size_ = other.size_;
        data_ = std::exchange(other.data_, nullptr);
        writable_ = other.writable_;
        baseline_ = other.baseline_;
        counted_ = other.counted_;
    }
    return *this;
}

Backing::~Backing() { unmap(); }

void Backing::unmap() noexcept {
    if (!data_)
        return;
    const int result = unmapPages(*kernel_, data_, size_);
    if (result < 0)
        log(LogLevel::Error, "unmap " + std::to_string(size_) + " bytes: " + errnoText(-result) +
                                 "; the mapping stays until the process ends");
    data_ = nullptr;
}

Result<Backing> Backing::make(Kernel& kernel, UniqueFd fd, size_t size, size_t alignment,
                              bool dmabuf) {
    Backing backing(kernel, std::move(fd), size);
    backing.counted_ = dmabuf;
    if (Result<void> mapped = backing.mapAt(alignment); !mapped)
        return std::move(mapped).error();
    if (dmabuf) {
        // A child of fork() would inherit the mapping, and with it a reference that keeps the
        // memory from ever being reused. A kernel that does not know the advice only loses reuse.
        const int advised = kernel.advise(backing.data_, size, MADV_DONTFORK);
        if (advised < 0)
            log(LogLevel::Debug, "keep a mapping out of forked children: " + errnoText(-advised));
        Result<std::optional<uint64_t>> count = readCount(kernel, backing.fd());
        if (!count)
            return std::move(count).error();
        backing.baseline_ = count.value();
    }
    return backing;
}

Result<void> Backing::mapAt(size_t alignment) {
    const std::string step = "map " + std::to_string(size_) + " bytes";
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
    int result = kernel_->map(hint, size_, PROT_READ | PROT_WRITE, flags, fd_.get(), &data_);
    if (result == -EACCES || result == -EPERM) {
        writable_ = false;
        result = kernel_->map(hint, size_, PROT_READ, flags, fd_.get(), &data_);
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

bool Backing::isAligned(size_t alignment) const noexcept {
    return alignment <= 1 || (reinterpret_cast<uintptr_t>(data_) & (alignment - 1)) == 0;
}

Holders Backing::holders() const {
    if (!counted_)
        return exported ? Holders::Unknown : Holders::None;
    if (!baseline_)
        return Holders::Unknown;
    const Result<std::optional<uint64_t>> count = readCount(*kernel_, fd());
    if (!count || !count.value())
        return Holders::Unknown;
    return *count.value() > *baseline_ ? Holders::Some : Holders::None;
}

} // namespace mediaheap
