// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

namespace mediaheap {

class Kernel;

/// Whether an importer, a duplicate, a foreign mapping or a forked child reaches some memory.
enum class Holders { None, Some, Unknown };

/// The memory behind a block: its descriptor and the one persistent CPU mapping of it. Outlives the
/// block when it is kept for reuse or waits for an importer. Move-only; unmaps and closes at its
/// end.
///
/// Thread safety: none; it has one owner at a time, and only const access while a block is live.
class Backing {
public:
    /// Maps @p fd readable and writable, or only readable where the node allows no more (EACCES),
    /// at a multiple of @p alignment. For a DMA-BUF it records the kernel's count of references,
    /// the mapping included, before anybody else can have one: a formula would go wrong where the
    /// kernel splits a mapping.
    static Result<Backing> make(Kernel& kernel, UniqueFd fd, size_t size, size_t alignment,
                                bool dmabuf);

    Backing(Backing&& other) noexcept;
    Backing& operator=(Backing&& other) noexcept;
    ~Backing();

    int fd() const noexcept { return fd_.get(); }
    size_t size() const noexcept { return size_; }
    void* data() const noexcept { return data_; }
    bool isWritable() const noexcept { return writable_; }
    bool isAligned(size_t alignment) const noexcept;

    /// Who beside us can still reach the memory. For a DMA-BUF the kernel's count tells; memory
    /// without one is Unknown once it was exported.
    Holders holders() const;

    // Where in the zone it lies, and who had it last; kept here so that they travel with the
    // memory.
    uint64_t offset = 0;
    uint64_t client = 0;
    bool exported = false;
    std::string name; // what the kernel calls it

private:
    Backing(Kernel& kernel, UniqueFd fd, size_t size);
    Result<void> mapAt(size_t alignment);
    void unmap() noexcept;

    Kernel* kernel_;
    UniqueFd fd_;
    size_t size_;
    void* data_ = nullptr;
    bool writable_ = true;
    bool counted_ = false;             // it is a DMA-BUF
    std::optional<uint64_t> baseline_; // its count while nobody else has it
};

} // namespace mediaheap
