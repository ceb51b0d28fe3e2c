// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include <gst/gst.h>

namespace mediaheap::gst {

/// Keeps account of the memory of one pool: how much of it lives, what of it is idle, and who
/// waits.
///
/// It counts memory, not buffers: a buffer can come back to its pool while somebody still holds its
/// memory (a shared part of it, a mapping), and a pool that counted buffers would then make one
/// frame more than it was allowed.
///
/// Invariants
/// - Live and reserved memories of the current run never exceed its maximum.
/// - Idle is what the ledger holds a reference to and nobody has been given: a bare memory, or a
/// buffer with its memory.
/// - Nothing is made or freed while the mutex is held; devices are only looked at.
///
/// Thread safety: all members may be called from any thread.
class MemoryLedger : public std::enable_shared_from_this<MemoryLedger> {
public:
    /// The right of one memory to live, held from before it is made until after it is freed.
    /// Move-only.
    class Seat {
    public:
        Seat() = default;
        Seat(Seat&& other) noexcept;
        Seat& operator=(Seat&& other) noexcept;
        ~Seat() { leave(); }

        bool isValid() const { return ledger_ != nullptr; }
        /// To be called once the memory exists.
        void occupy();
        /// Gives the right back.
        void leave();
        /// Takes @p memory, whose last reference has gone, back as idle; the reference that it then
        /// has is the ledger's. False: the memory is to be freed.
        bool takeBack(GstMemory* memory);
        /// From now on takeBack() refuses. For whoever has the only reference to the memory.
        void condemn() { condemned_ = true; }
        /// Whether the memory was made for @p ledger.
        bool isAt(const MemoryLedger& ledger) const { return ledger_.get() == &ledger; }
        void countCopy(size_t bytes);

    private:
        friend class MemoryLedger;
        Seat(std::shared_ptr<MemoryLedger> ledger, uint64_t run)
            : ledger_(std::move(ledger)), run_(run) {}

        std::shared_ptr<MemoryLedger> ledger_;
        uint64_t run_ = 0;
        bool occupied_ = false;
        bool condemned_ = false;
    };

    /// What a pool is to be for a run.
    struct Terms {
        unsigned minimum = 0;    ///< as many it needs to make progress
        unsigned maximum = 0;    ///< at most that many live; 0: any number
        uint64_t blockBytes = 0; ///< what one memory takes of the heap
        std::string owner;       ///< for people, in quotes where it is a name
    };

    /// Who has how much of the heap.
    struct Holding {
        std::string owner;
        size_t out = 0;     ///< memories that somebody has
        size_t idle = 0;    ///< memories that are ready to be handed out
        size_t earlier = 0; ///< memories of earlier runs that somebody has
        uint64_t bytes = 0; ///< of those that are out or idle
    };

    /// What a taker gets.
    struct Lot {
        enum class Kind {
            Buffer,   ///< an idle buffer, transferred
            Memory,   ///< an idle memory, transferred
            Busy,     ///< a buffer or a memory that a device has not done with, transferred
            Room,     ///< the right to make a memory
            Flushing, ///< nothing, the pool is flushing or stopped
            Full,     ///< nothing, and the taker did not want to wait
            Late,     ///< nothing, for as long as the taker has patience
            Hopeless, ///< nothing, and nothing that is sure to come back
        };
        Kind kind = Kind::Hopeless;
        GstBuffer* buffer = nullptr;
        GstMemory* memory = nullptr;
        Seat seat;
        uint64_t departures = 0; ///< for takeReturned()
        /// Of what is busy: nobody but devices has anything that could come back.
        bool last = false;
    };

    using Moment = std::chrono::steady_clock::time_point;

    /// Begins a run on @p terms. Memory of earlier runs is freed as it comes back.
    void begin(Terms terms);

    /// Something idle that no device works on, oldest first; else room for a new memory; else waits
    /// for either. Where all that is idle has devices to wait for, that is for the taker to do: the
    /// oldest comes as Lot::Kind::Busy, and goes to settle() in any case. Who still waits at
    /// @p tellAt hears of it, with Lot::Kind::Late.
    Lot take(bool wait, Moment tellAt);

    /// To be called when a memory could not be made for lack of space, after its seat has been
    /// left: something idle; else room again, where a memory has been freed since @p departures was
    /// read; else waits for one as long as any is out. With fewer than its minimum the pool cannot
    /// count on those: whoever has them may be waiting for more, and that is Lot::Kind::Hopeless.
    Lot takeReturned(uint64_t departures, bool wait, Moment tellAt);

    /// To be called with what came as busy: @p done makes it the taker's, as a buffer or a memory;
    /// otherwise it is idle again.
    void settle(Lot& lot, bool done);

    /// Frees one idle memory that the pool can do without, for another pool of the heap: any where
    /// it is at rest, which means that nobody has anything of it, or flushing; else what it has
    /// beyond its minimum. What a device works on, or somebody else refers to, would make no room.
    /// False where there is none.
    bool giveUp();

    /// Waits for anything to change, but no longer than @p longest. False when flushing.
    bool pause(std::chrono::milliseconds longest);

    /// Room for one memory, without waiting and without a look at what is idle.
    Lot reserve();

    /// Takes an idle buffer, transferred. False: it is not wanted, the caller keeps it.
    bool put(GstBuffer* buffer);

    /// While flushing nobody gets anything. The end of flushing also ends a retirement.
    void setFlushing(bool flushing);

    /// Frees what is idle, and from now on what comes back.
    void retire();
    /// The same, unless the pool has been made active again in the meantime.
    void retireIfFlushing();

    uint64_t bytesCopied() const { return bytesCopied_.load(std::memory_order_relaxed); }
    bool hasIdle() const;
    /// How many could be taken now, as far as the pool's maximum goes; G_MAXUINT for any number.
    unsigned available() const;
    Holding holding() const;
    /// The later something was taken from the pool, or it began, the larger; comparable between all
    /// pools of the process.
    uint64_t lastUse() const;

private:
    struct Idle {
        std::deque<GstBuffer*> buffers;
        std::deque<GstMemory*> memories;
    };

    static uint64_t tick();
    bool takeIdle(Lot& lot);
    bool takeBusy(Lot& lot);
    bool takeRoom(Lot& lot);
    size_t idle() const { return idle_.buffers.size() + idle_.memories.size(); }
    size_t out() const { return live_ - idle() + strays_; }
    /// Nobody has anything of the pool, nor is about to.
    bool isAtRest() const { return out() + reserved_ == 0; }
    Idle stopKeeping();
    static void release(Idle idle);
    void vacate(uint64_t run, bool occupied);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Idle idle_;
    uint64_t run_ = 0;
    Terms terms_;
    uint64_t lastUse_ = 0;
    size_t live_ = 0;         ///< memories of this run that exist
    size_t reserved_ = 0;     ///< rights of this run without a memory yet
    size_t strays_ = 0;       ///< rights of earlier runs
    size_t waitedFor_ = 0;    ///< memories that takers have as busy
    uint64_t departures_ = 0; ///< memories freed so far
    bool flushing_ = true;
    bool keeping_ = false;
    std::atomic<uint64_t> bytesCopied_{0};
};

} // namespace mediaheap::gst
