// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

#include "sources/source.h"
#include "sync/access_guard.h"
#include "sync/device_side.h"

namespace mediaheap {

class Kernel;

/// The memory behind a block: its descriptor, the one persistent CPU mapping of it, and the
/// hardware's side of it. Outlives the block when it is kept for reuse or waits for an importer.
/// Move-only; unmaps and closes at its end.
///
/// Thread safety: none; it has one owner at a time, and only const access while a block is live.
class Backing {
public:
    /// Maps @p memory readable and writable, or only readable where the node allows no more
    /// (EACCES), at a multiple of @p alignment. The device side settles with the mapping in place,
    /// before anybody else can have the memory: a formula for the references to it would go wrong
    /// where the kernel splits a mapping.
    ///
    /// Where there is @p guarded the mapping is closed until somebody opens it with guard().
    static Result<Backing> make(Kernel& kernel, SourceMemory memory, size_t size, size_t alignment,
                                const AccessGuard::Settings* guarded = nullptr);

    Backing(Backing&& other) noexcept;
    Backing& operator=(Backing&& other) noexcept;
    ~Backing();

    int fd() const noexcept { return memory_.fd.get(); } ///< -1 where the memory has none
    /// Where devices find it; nothing where the source does not know.
    std::optional<uint64_t> address() const noexcept { return memory_.address; }
    DeviceSide& side() const noexcept { return *memory_.side; }
    size_t size() const noexcept { return size_; }
    void* data() const noexcept { return data_; }
    bool isWritable() const noexcept { return writable_; }
    bool isAligned(size_t alignment) const noexcept;
    /// Null where the mapping is not guarded.
    AccessGuard* guard() const noexcept { return guard_.get(); }

    /// Who beside us can still reach the memory. A device that has not done with it yet holds it,
    /// whether it has a reference or not.
    Holders holders() const;

    // Where in the zone it lies, and who had it last; kept here so that they travel with the
    // memory.
    uint64_t offset = 0;
    uint64_t client = 0;
    bool exported = false;
    bool foreign = false; // not of the zone: goes with its block
    bool cached = true;   // what the CPU's mapping is like
    std::string name;     // what the kernel calls it

private:
    Backing(Kernel& kernel, SourceMemory memory, size_t size);
    Result<void> mapAt(size_t alignment);
    void unmap() noexcept;

    Kernel* kernel_;
    SourceMemory memory_;
    size_t size_;
    void* data_ = nullptr;
    bool writable_ = true;
    std::unique_ptr<AccessGuard> guard_;
};

} // namespace mediaheap
