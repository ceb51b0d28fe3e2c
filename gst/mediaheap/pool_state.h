// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <gst/gst.h>
#include <gst/mediaheap/gstmediaheap.h>
#include <mediaheap/result.h>

#include "buffer_maker.h"
#include "memory_ledger.h"
#include "pool_config.h"
#include "pool_shortage.h"

namespace mediaheap::gst {

/// The works of a GstMediaHeapBufferPool: makes buffers of one memory each, hands them out, takes
/// them back, and waits where there are none.
///
/// Thread safety: GstBufferPool sees to it that setConfig(), start() and stop() have no company,
/// and that no buffer is out when they are called; all other members may be called from any thread.
class PoolState {
public:
    explicit PoolState(GstBufferPool* self);
    ~PoolState();
    PoolState(const PoolState&) = delete;
    PoolState& operator=(const PoolState&) = delete;

    /// To be called once, before the pool is used.
    void setHeap(GstMediaHeap* heap);
    GstMediaHeap* heap() const { return heap_; }

    const gchar** options() const;
    /// Brings @p config to what the pool makes of it. False, with the reason logged: nothing has
    /// changed, and @p config is the one in force again, where there is one.
    bool setConfig(GstStructure* config);
    bool start();
    void stop() { ledger_->retire(); }
    void setFlushing(bool flushing) { ledger_->setFlushing(flushing); }

    GstFlowReturn acquire(GstBuffer** buffer, const GstBufferPoolAcquireParams* params);
    /// A new buffer, where the maximum allows it. Never waits.
    GstFlowReturn allocate(GstBuffer** buffer);
    /// Lays the memory of @p buffer out as when it was new.
    void restore(GstBuffer* buffer) const { maker_.restore(buffer); }
    /// Takes @p buffer back, or frees it where it is not what it was.
    void release(GstBuffer* buffer);

    /// Frames with a GstVideoMeta are laid out with this at least, from the next setConfig() on.
    bool setFloor(const GstVideoAlignment& floor);
    /// Frames have a memory for each of their planes, from the next setConfig() on.
    void setMemoryPerPlane(bool separate) { memoryPerPlane_ = separate; }
    /// How many buffers could be taken without waiting.
    guint available() const;
    uint64_t bytesCopied() const { return ledger_->bytesCopied(); }
    /// Whose the pool is, for people; from the next start() on.
    void setUser(std::string user);
    /// Why the last setConfig(), start() or acquire() failed; empty when none did.
    std::string failure() const;

private:
    /// What somebody wanted who did not get it.
    enum class Asked { Start, Buffer, BufferNow };
    /// How long acquire() waits where only devices have anything that could come back; unset
    /// otherwise.
    using DeviceDeadline = std::optional<std::chrono::steady_clock::time_point>;

    /// Makes a buffer to begin with.
    Result<GstBuffer*> makeFirst();
    /// Makes a buffer in the room that @p lot is, which it may exchange for another.
    Result<GstBuffer*> make(MemoryLedger::Lot& lot);
    std::string owner() const;
    void remember(const std::string& failure);
    GstFlowReturn fail(const Error& error, Asked asked);
    void tellOfWait(const Error& error);
    Result<bool> outwaitDevice(MemoryLedger::Lot& lot, DeviceDeadline& deadline);

    GstBufferPool* const self_;
    GstMediaHeap* heap_ = nullptr;
    GstAllocator* allocator_ = nullptr;
    const std::shared_ptr<MemoryLedger> ledger_;
    BufferMaker maker_;
    PoolShortage shortage_;

    PoolConfig config_;
    GstStructure* inForce_ = nullptr; ///< the configuration that config_ was read from
    std::atomic<bool> memoryPerPlane_{false};

    mutable std::mutex mutex_; // guards what follows
    GstVideoAlignment floor_;
    std::string user_;
    std::string failure_;
};

} // namespace mediaheap::gst
