// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <string>

#include <mediaheap/access.h>
#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

#include "sync/byte_range.h"

namespace mediaheap {

/// Whether an importer, a duplicate, a foreign mapping or a forked child reaches some memory.
enum class Holders { None, Some, Unknown };

enum class SyncEdge {
    Start,     ///< the CPU is about to look
    End,       ///< the CPU is done
    WriteBack, ///< what the CPU has written goes out, and its accesses go on
};

/// The hardware's side of one piece of memory: how what the CPU and what a device see of it are
/// brought together, who over there still has it, and what they still do with it. A source makes it
/// together with the memory.
///
/// Thread safety: sync() is called by one thread at a time, everything else from any.
class DeviceSide {
public:
    virtual ~DeviceSide();

    /// False where no hardware sees the memory: there is nothing to sync then, and nothing counted.
    virtual bool needsSync() const noexcept = 0;

    /// The bytes that a sync of @p range touches: the cache lines around it, or the whole block
    /// where the exporter knows no ranges.
    virtual ByteRange reach(ByteRange range) const noexcept = 0;

    /// One cache maintenance of a range that reach() gave, restarted where it was interrupted.
    ///
    /// Errors: what the exporter answers.
    virtual Result<void> sync(SyncEdge edge, Access access, ByteRange range) = 0;

    /// The CPU's accesses to the memory are not bracketed any more: it may touch it at any time,
    /// until endManual(), and calls flush() where the hardware is to see what it wrote, or it what
    /// the hardware wrote.
    ///
    /// Errors: what the exporter answers.
    virtual Result<void> beginManual(size_t size);
    /// Writes back what the CPU has written in a range that reach() gave, and lets it fetch the
    /// rest anew. Waits no longer than @p longest for hardware where it has to.
    ///
    /// Errors: ETIMEDOUT; what the exporter answers.
    virtual Result<void> flush(ByteRange range, std::chrono::milliseconds longest);
    virtual Result<void> endManual(size_t size);

    /// To be called once, before settle(): where the CPU's mapping is.
    virtual void mappedAt(void* /*address*/) noexcept {}

    /// To be called once, when the CPU's mapping is in place and nobody else can have the memory
    /// yet: what holders() measures by.
    virtual Result<void> settle() = 0;

    /// Who beside the heap can still reach the memory. @p exported: a duplicate of the descriptor
    /// was given away at some time.
    virtual Holders holders(bool exported) const = 0;

    /// Waits until the hardware has done what an access of the CPU must not overtake: for a read
    /// its writes, for a write its reads too. True once that is so, false when @p longest has
    /// passed; 0 only looks.
    ///
    /// Errors: what poll(2) answers.
    virtual Result<bool> waitUntilIdle(Access access, std::chrono::milliseconds longest) = 0;

    /// Adds a device's work to what waitUntilIdle() waits for: @p fence becomes readable when it is
    /// done, @p access is what the device does with the memory until then. Where the memory's
    /// importers look for fences they find it.
    ///
    /// Errors: EBADF, EINVAL no fence; EBUSY more than can be kept. After an error nothing has
    /// changed. The descriptor is closed in any case.
    virtual Result<void> importFence(UniqueFd fence, Access access) = 0;

    /// A sync_file of what an access of that kind has to wait for now.
    ///
    /// Errors: EOPNOTSUPP where there is no such thing; EMFILE and others from the kernel.
    virtual Result<UniqueFd> exportFence(Access access);

    /// The memory begins a new life under @p name: what is in it interests nobody any more.
    virtual void beginLife(const std::string& /*name*/) noexcept {}
};

} // namespace mediaheap
