// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <mediaheap/heap.h>

#include "hi_comm_sys.h"

namespace mediaheap::hisi {

/// The MMZ memory of one process, as HiSilicon's library and its /dev/mmz_userdev keep it: blocks
/// found by physical and by virtual address. mpi_sys.h says what each call answers.
///
/// Thread safety: all members from any thread. No lock is held while memory is made or flushed.
class MmzProcess {
public:
    struct Kind {
        /// Whether devices see the CPU's caches on this machine: memory that cannot be mapped past
        /// them then serves as uncached too.
        bool coherent;
    };

    explicit MmzProcess(Kind kind) : kind_(kind) {}

    HI_S32 allocate(HI_U64* address, void** data, const char* name, const char* zone, HI_U32 size,
                    bool cached);
    HI_S32 free(HI_U64 address);
    HI_S32 flush(HI_U64 address, const void* data, HI_U32 size);
    void* map(HI_U64 address, HI_U32 size, bool cached);
    HI_S32 unmap(const void* data, HI_U32 size);
    HI_S32 describe(const void* data, SYS_VIRMEM_INFO_S* info) const;

    /// Says what was never freed, a line for each block.
    void logLeaks() const;

    /// A descriptor of the block that @p address lies in, which the caller owns, and where in it;
    /// -1 where there is none.
    int exportFd(HI_U64 address, HI_U32* offset) const;

private:
    struct Piece {
        Block block;
        bool cached = false;    ///< as it was asked for
        bool ownMapping = true; ///< the one that the allocation made
        unsigned mappings = 0;  ///< those of Mmap and MmapCache
        bool freed = false;     ///< goes with the last mapping
        const uint8_t* data() const { return static_cast<const uint8_t*>(block.data()); }
    };
    using PieceRef = std::shared_ptr<Piece>;

    Result<std::shared_ptr<Heap>> heap();
    Result<Block> make(Heap& heap, size_t size, AllocOptions options, bool cached);
    Result<Block> makeSomewhere(Heap& heap, size_t size, const AllocOptions& options, bool cached);
    void sayOnce(bool& said, const char* line);

    // With mutex_ held; null where there is none.
    PieceRef at(HI_U64 address) const;
    PieceRef around(const void* data) const;
    /// What has to go after the lock.
    [[nodiscard]] Block forget(const PieceRef& piece);

    const Kind kind_;
    mutable std::mutex mutex_;
    std::mutex opening_;
    std::shared_ptr<Heap> heap_;
    uint64_t client_ = 0;
    /// Keeps address 0, which stands for "everything" and for failure, while there are blocks.
    Block zero_;
    std::map<uint64_t, PieceRef> byAddress_;
    std::map<uintptr_t, PieceRef> byData_;
    bool saidCoherent_ = false;
    bool saidUncached_ = false;
};

/// Whether devices of this machine see the CPU's caches, as far as its architecture tells.
bool machineIsCoherent() noexcept;

} // namespace mediaheap::hisi
