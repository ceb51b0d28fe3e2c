// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include <gst/gst.h>
#include <mediaheap/result.h>

#include "memory_ledger.h"
#include "pool_config.h"

namespace mediaheap::gst {

/// What the buffers of one pool are: makes them, and judges what comes back.
///
/// Thread safety: configure() has no company; all other members may be called from any thread.
class BufferMaker {
public:
    /// @p pool outlives this object; its buffers' memory sits in @p ledger.
    BufferMaker(GstBufferPool* pool, std::shared_ptr<MemoryLedger> ledger);
    ~BufferMaker();
    BufferMaker(const BufferMaker&) = delete;
    BufferMaker& operator=(const BufferMaker&) = delete;

    /// Where memory comes from. To be called once, before anything is made.
    void setAllocator(GstAllocator* allocator);
    void configure(const PoolConfig& config) { config_ = config; }

    /// A buffer with all its memories, transferred.
    ///
    /// Errors: those of HeapAllocator::make().
    Result<GstBuffer*> make(MemoryLedger::Seat seat);
    /// A buffer around the one @p memory that buffers consist of, which it takes.
    GstBuffer* wrap(GstMemory* memory) const;
    /// Lays the memory of @p buffer out as when it was new.
    void restore(GstBuffer* buffer) const;
    /// Frees @p buffer where it cannot be handed out again. Asked when it comes back and again when
    /// it goes out: who has kept a reference to the memory may have shared or mapped it in between.
    bool keepsFit(GstBuffer* buffer) const;

private:
    size_t memories() const { return config_.memories.size(); }
    Result<GstMemory*> makeMemory(gsize size, MemoryLedger::Seat seat,
                                  std::shared_ptr<MemoryLedger::Seat> commonSeat);
    void complete(GstBuffer* buffer) const;
    const char* unfit(GstBuffer* buffer) const;

    GstBufferPool* const pool_;
    const std::shared_ptr<MemoryLedger> ledger_;
    const uint64_t client_;
    GstAllocator* allocator_ = nullptr;
    PoolConfig config_;
    std::atomic<uint64_t> memoriesMade_{0};
};

} // namespace mediaheap::gst
