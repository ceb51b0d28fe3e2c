// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include <mediaheap/access.h>
#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

#include "heap/backing.h"
#include "sync/access_counter.h"
#include "sync/access_trace.h"
#include "tables/heap_table.h"

namespace mediaheap {

class Heap;
class HeapCore;
class Kernel;

/// What a Block and its Mappings share; gives the memory back when the last of them goes. Keeps the
/// heap alive.
///
/// Thread safety: all const members from any thread.
class BlockState {
public:
    BlockState(std::shared_ptr<Heap> heap, HeapCore& core, Backing backing, std::string name);
    ~BlockState();
    BlockState(const BlockState&) = delete;
    BlockState& operator=(const BlockState&) = delete;

    const Backing& backing() const noexcept { return backing_; }
    const std::string& name() const noexcept { return name_; }
    uint64_t address() const noexcept;
    bool isCached() const noexcept;
    bool isDmaBuf() const noexcept;
    unsigned openAccesses() const { return accesses_.open(); }
    /// See Block::describeOpenAccesses().
    std::string describeOpeners() const;
    /// Where it is in the heap's table; before anybody has it.
    void setSlot(HeapTable::Slot slot) noexcept { slot_ = slot; }
    const SyncStats& syncStats() const noexcept { return accesses_.stats(); }

    Result<UniqueFd> exportFd();
    Result<UniqueFd> exportReadOnlyFd();
    Result<void> importFence(UniqueFd fence, Access access);
    Result<UniqueFd> exportFence(Access access);
    Result<bool> waitUntilIdle(Access access, std::chrono::milliseconds longest);
    Result<void> beginAccess(Access access, ByteRange range);
    Result<void> beginAccess(Access access) { return beginAccess(access, {0, backing_.size()}); }
    Result<void> endAccess();
    /// See AllocOptions::manualSync; once, before anybody else has the block.
    Result<void> beginManual();
    Result<void> flush(ByteRange range);
    Result<void> maintainCaches(Access access, ByteRange range);

private:
    Result<void> checkRange(const char* step, ByteRange range) const;
    Error named(Error error) const;

    const std::shared_ptr<Heap> heap_; // the owner of core_
    HeapCore& core_;
    Backing backing_;
    const std::string name_;
    const std::unique_ptr<AccessTrace> trace_; // null where nobody wants to know
    AccessCounter accesses_;
    std::atomic<bool> exported_;
    bool manual_ = false;
    HeapTable::Slot slot_ = HeapTable::unlisted;
};

} // namespace mediaheap
