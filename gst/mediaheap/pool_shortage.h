// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include <gst/gst.h>
#include <gst/mediaheap/gstmediaheap.h>
#include <mediaheap/result.h>

#include "memory_ledger.h"
#include "pool_config.h"

namespace mediaheap::gst {

/// What a pool does about a heap that has no memory for it, as its configuration says: turns to the
/// heap's other pools, waits, and explains.
///
/// Thread safety: configure() has no company; all other members may be called from any thread.
class PoolShortage {
public:
    /// @p pool and @p ledger outlive this object.
    PoolShortage(GstBufferPool* pool, MemoryLedger& ledger) : pool_(pool), ledger_(ledger) {}

    /// The heap, which outlives this object. To be called once, before anything else.
    void setHeap(GstMediaHeap* heap) { heap_ = heap; }
    void configure(const PoolConfig& config) { config_ = config; }
    /// A run begins, in which the log is told of a shortage once.
    void begin() { logged_ = false; }

    /// How long one taker waits for what others have of the heap, from the first refusal on.
    struct Endurance {
        std::optional<std::chrono::steady_clock::time_point> since;
        bool last = false; ///< the next failure is final
    };

    /// What passes when somebody gives memory or descriptors back.
    static bool isShortage(const Error& error);
    /// Has other pools give up what they can do without, after the heap has refused with @p error.
    /// True: there should be room now.
    bool reclaim(const Error& error) const;
    /// Waits for memory of the pool's own to come back, or room in the heap that others have. False
    /// when there is none to come, or not in time.
    bool outlast(const Error& error, Endurance& endurance);
    /// Whether the pool may start with less than its minimum: that could be had if only the others
    /// in the heap, who had @p othersUsed bytes of it, gave them back.
    bool mayStartShort(uint64_t othersUsed, const Error& error) const;

    /// To be told of @p error when somebody waits; the log hears it once for each run.
    void log(const Error& error);
    /// How long a taker waits for the pool's own buffers before somebody is to hear of it.
    std::chrono::milliseconds patience() const;
    /// Why a taker has waited that long for what @p holding says others have.
    Error explainWait(const MemoryLedger::Holding& holding) const;
    /// @p error with the pools that have the memory, and how long @p endurance has lasted.
    Error explain(Error error, const Endurance& endurance) const;
    /// @p error, with what all buffers that the pool was to start with would have needed; @p made
    /// could be had.
    Error explainStart(guint made, Error error) const;

private:
    bool hasRoom() const;

    GstBufferPool* const pool_;
    MemoryLedger& ledger_;
    GstMediaHeap* heap_ = nullptr;
    PoolConfig config_;
    std::atomic<bool> logged_{false};
};

} // namespace mediaheap::gst
