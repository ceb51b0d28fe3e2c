// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

#include "tables/fork_guard.h"
#include "tables/runtime_directory.h"
#include "tables/table_format.h"

namespace mediaheap {

class FileSystem;
class Kernel;

/// The table of one heap of this process, in a shared file that other processes read at any time
/// (table_format.h). Entering a block is a few stores into mapped memory: no system call, but for
/// one when the file has to grow. The file goes with this object, and stays where the process is
/// killed.
///
/// In a forked child it does nothing any more: the table is its parent's.
///
/// Thread safety: none, but for countAccess(); HeapCore locks.
class HeapTable final : private ForkGuarded {
public:
    struct Facts {
        std::string heap;   ///< the heap string in canonical form
        uint32_t flags = 0; ///< table::HeapFlags
    };
    struct ZoneFacts {
        std::string name;
        uint64_t gfp = 0;
        uint64_t base = 0;
        uint64_t size = 0;
    };
    struct BlockFacts {
        uint32_t zone = 0;
        uint64_t address = 0;
        uint64_t size = 0;
        uint64_t kvirt = 0;
        uint64_t flags = 0;
        std::string name;
        table::SlotState state = table::SlotState::Pending;
    };

    /// Where a block is in the table; `unlisted` where there was no room for it.
    using Slot = uint32_t;
    static constexpr Slot unlisted = UINT32_MAX;

    /// Makes the file in the runtime directory, and takes those away that processes which died have
    /// left there, but for the last few (tables/sweep.h).
    ///
    /// Errors: what RuntimeDirectory::open(), open(2), fallocate(2) and mmap(2) answer. A heap goes
    /// on without.
    static Result<std::unique_ptr<HeapTable>> create(Kernel& kernel, FileSystem& files,
                                                     const Facts& facts,
                                                     const std::vector<ZoneFacts>& zones);
    ~HeapTable();
    HeapTable(const HeapTable&) = delete;
    HeapTable& operator=(const HeapTable&) = delete;

    Slot enter(const BlockFacts& block);
    void setState(Slot slot, table::SlotState state);
    /// For a source that knows the address of memory only when it is made.
    void setAddress(Slot slot, uint64_t address);
    /// The block of enter() is gone. @p zone and @p size are those that it was entered with.
    void leave(Slot slot, uint32_t zone, uint64_t size);
    /// Tells how many CPU accesses are open. From any thread.
    void countAccess(Slot slot, int change) noexcept;

    /// Of this heap among those of the process.
    uint32_t number() const noexcept { return number_; }
    const std::string& fileName() const noexcept { return name_; }

private:
    class Change;

    HeapTable(Kernel& kernel, FileSystem& files, RuntimeDirectory directory, std::string name,
              UniqueFd file, uint32_t number);
    void abandon() noexcept override { mine_.store(false, std::memory_order_relaxed); }
    Result<void> map();
    void fillIn(const Facts& facts, const std::vector<ZoneFacts>& zones);
    int grow();
    bool isMine() const noexcept { return mine_.load(std::memory_order_relaxed); }

    table::TableHeader& header() const noexcept;
    table::ZoneRecord& zone(uint32_t number) const noexcept;
    table::SlotRecord& slot(Slot number) const noexcept;

    Kernel& kernel_;
    FileSystem& files_;
    const RuntimeDirectory directory_;
    const std::string name_;
    const UniqueFd file_;
    const uint32_t number_;
    char* memory_ = nullptr;
    std::atomic<bool> mine_{true};
    uint32_t slotsBacked_ = 0; ///< what the file has room for
    // The lowest free first: what is in use stays at the beginning, and few pages are touched.
    std::priority_queue<Slot, std::vector<Slot>, std::greater<>> free_;
};

} // namespace mediaheap
