// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

#include "sync/device_side.h"

namespace mediaheap {

class Kernel;
class ViolationLog;

/// What a source's memory is like; fixed for the life of the source.
struct SourceTraits {
    bool dmabuf = false; ///< descriptors are DMA-BUFs: drivers import them, and they have names
    bool places = false; ///< the zone's offsets are real: a block lies where it was placed
    bool zones = false;  ///< its memory can be divided as the heap string says (mmz=)
    bool cached = true;  ///< CPU mappings go through the caches, unless asked otherwise
    bool eitherCached = false;      ///< each block can be had cached and uncached
    bool simulated = false;         ///< hardware and caches are emulated
    bool contiguous = false;        ///< blocks are physically contiguous
    bool physical = false;          ///< it knows where its memory lies for devices
    bool descriptors = true;        ///< blocks have one; false: only a mapping, and an address
    size_t largestBlock = SIZE_MAX; ///< bytes; a limit of the facility itself
    std::string largestBlockLimit;  ///< where that limit comes from, for the error message
};

/// What a source is opened with.
struct SourceOptions {
    std::string name;              ///< after the colon: `system`, `linux,cma`
    uint64_t size = 0;             ///< bytes of the zone, whole pages
    std::string zone;              ///< the zone's name
    bool prefault = false;         ///< populate what is reserved at open
    std::optional<bool> cached;    ///< what CPU mappings are to be like unless asked otherwise
    std::optional<uint64_t> line;  ///< bytes of a simulated cache line
    std::optional<uint64_t> evict; ///< seed of the simulated evictions
};

/// What one piece of memory is made with.
struct CreateOptions {
    std::string name;     ///< for people
    bool cached = true;   ///< what the CPU's mapping is to be like; the source can do it
    size_t alignment = 1; ///< bytes, a power of two: of the physical address, where it knows one
};

/// A mapping that the source itself has made, of memory without a descriptor to map. Gives the
/// memory back at its end.
class SourceMapping {
public:
    virtual ~SourceMapping() = default;
    virtual void* data() const noexcept = 0; ///< readable and writable
};

/// One piece of memory as a source makes it.
struct SourceMemory {
    UniqueFd fd;      ///< what importers get; none where there is a @ref mapping
    UniqueFd cpuView; ///< what the CPU maps, where that is not the same memory as @ref fd
    std::unique_ptr<DeviceSide> side;
    std::optional<uint64_t> address{};        ///< where devices find it, where the source knows
    std::unique_ptr<SourceMapping> mapping{}; ///< where it cannot be mapped by a descriptor
};

/// A facility that turns pages of a zone into file descriptors. Knows nothing of blocks, caches or
/// budgets.
///
/// Thread safety: create() and discard() may be called from any thread.
class Source {
public:
    virtual ~Source() = default;

    virtual const SourceTraits& traits() const noexcept = 0;

    /// Memory of @p size bytes (whole pages), at offset 0 of its descriptor. @p offset is the place
    /// in the zone, which only a source that places looks at.
    virtual Result<SourceMemory> create(uint64_t offset, size_t size,
                                        const CreateOptions& options) = 0;

    /// Whether memory created at @p offset reads as zero without anybody clearing it.
    virtual bool isFresh(uint64_t offset, size_t size) const = 0;

    /// What the source has seen go wrong; null where it cannot see that.
    virtual std::shared_ptr<ViolationLog> violations() const noexcept { return nullptr; }

    /// Gives the pages of a range that no descriptor covers any more back to the system; they read
    /// as zero afterwards. Returns the bytes given back, 0 where the source keeps nothing back.
    virtual uint64_t discard(uint64_t offset, uint64_t size) = 0;

    /// Gives the facility's own reserve back to the system, where it has such a call and every
    /// piece of its memory is back. True: for good, it gives out nothing more until the machine
    /// starts anew. False: it has no such call, and closing it is all.
    ///
    /// Errors: EBUSY another process still has memory of it; others from the system.
    virtual Result<bool> destroy() { return false; }
};

} // namespace mediaheap
