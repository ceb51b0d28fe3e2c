// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memory_ledger.h"

#include <algorithm>
#include <utility>

#include "memory_state.h"

namespace mediaheap::gst {

namespace {

bool isPast(MemoryLedger::Moment moment) { return std::chrono::steady_clock::now() >= moment; }

/// Whether a device works on @p memory. What is not of a heap is for others to judge.
bool isBusy(GstMemory* memory) {
    const MemoryState* state = MemoryState::of(memory);
    return state != nullptr && !state->block().isIdle(Access::Write);
}

bool isBusy(GstBuffer* buffer) { return busyMemory(buffer) != nullptr; }

/// Takes the oldest of @p queue that no device works on; null where there is none.
template <typename T> T* takeOldest(std::deque<T*>& queue) {
    const auto found =
        std::find_if(queue.begin(), queue.end(), [](T* item) { return !isBusy(item); });
    if (found == queue.end())
        return nullptr;
    T* taken = *found;
    queue.erase(found);
    return taken;
}

bool isOnlyOurs(GstMemory* memory) { return GST_MINI_OBJECT_REFCOUNT_VALUE(memory) == 1; }

/// Whether freeing @p memory makes room at once.
bool makesRoom(GstMemory* memory) { return isOnlyOurs(memory) && !isBusy(memory); }

bool makesRoom(GstBuffer* buffer) {
    for (guint i = 0; i < gst_buffer_n_memory(buffer); i++) {
        if (!makesRoom(gst_buffer_peek_memory(buffer, i)))
            return false;
    }
    return GST_MINI_OBJECT_REFCOUNT_VALUE(buffer) == 1;
}

/// Takes the oldest of @p queue that makes room; null where there is none.
template <typename T> T* takeSpare(std::deque<T*>& queue) {
    const auto found =
        std::find_if(queue.begin(), queue.end(), [](T* item) { return makesRoom(item); });
    if (found == queue.end())
        return nullptr;
    T* taken = *found;
    queue.erase(found);
    return taken;
}

void condemn(GstMemory* memory) {
    if (MemoryState* state = MemoryState::of(memory))
        state->seat().condemn();
}

} // namespace

MemoryLedger::Seat::Seat(Seat&& other) noexcept
    : ledger_(std::move(other.ledger_)), run_(other.run_), occupied_(other.occupied_),
      condemned_(other.condemned_) {}

MemoryLedger::Seat& MemoryLedger::Seat::operator=(Seat&& other) noexcept {
    if (this != &other) {
        leave();
        ledger_ = std::move(other.ledger_);
        run_ = other.run_;
        occupied_ = other.occupied_;
        condemned_ = other.condemned_;
    }
    return *this;
}

void MemoryLedger::Seat::occupy() {
    if (!ledger_ || occupied_)
        return;
    occupied_ = true;
    const std::lock_guard lock(ledger_->mutex_);
    if (run_ != ledger_->run_)
        return; // has been counted among the strays
    ledger_->reserved_--;
    ledger_->live_++;
}

void MemoryLedger::Seat::leave() {
    if (const auto ledger = std::exchange(ledger_, nullptr))
        ledger->vacate(run_, std::exchange(occupied_, false));
}

bool MemoryLedger::Seat::takeBack(GstMemory* memory) {
    // A copy: once the memory is idle another thread may free it, and this seat with it.
    const std::shared_ptr<MemoryLedger> ledger = ledger_;
    if (!ledger || condemned_)
        return false;
    {
        const std::lock_guard lock(ledger->mutex_);
        if (!ledger->keeping_ || run_ != ledger->run_)
            return false;
        gst_memory_ref(memory);
        ledger->idle_.memories.push_back(memory);
    }
    ledger->changed_.notify_one();
    return true;
}

void MemoryLedger::Seat::countCopy(size_t bytes) {
    if (ledger_)
        ledger_->bytesCopied_.fetch_add(bytes, std::memory_order_relaxed);
}

void MemoryLedger::begin(Terms terms) {
    Idle left;
    {
        const std::lock_guard lock(mutex_);
        left = stopKeeping();
        run_++;
        terms_ = std::move(terms);
        lastUse_ = tick();
        strays_ += live_ + reserved_;
        live_ = 0;
        reserved_ = 0;
        keeping_ = true;
    }
    release(std::move(left));
}

MemoryLedger::Lot MemoryLedger::take(bool wait, Moment tellAt) {
    std::unique_lock lock(mutex_);
    lastUse_ = tick();
    Lot lot;
    for (;;) {
        if (flushing_) {
            lot.kind = Lot::Kind::Flushing;
            return lot;
        }
        if (takeIdle(lot) || takeRoom(lot))
            return lot;
        if (!wait) {
            lot.kind = Lot::Kind::Full;
            return lot;
        }
        if (isPast(tellAt)) {
            lot.kind = Lot::Kind::Late;
            return lot;
        }
        if (takeBusy(lot))
            return lot;
        changed_.wait_until(lock, tellAt);
    }
}

MemoryLedger::Lot MemoryLedger::takeReturned(uint64_t departures, bool wait, Moment tellAt) {
    std::unique_lock lock(mutex_);
    Lot lot;
    for (;;) {
        if (flushing_) {
            lot.kind = Lot::Kind::Flushing;
            return lot;
        }
        if (takeIdle(lot) || (departures_ != departures && takeRoom(lot)))
            return lot;
        // Another taker's memory in the making is a hope as well, and so is a device's work.
        if (isAtRest() && idle() == 0)
            return lot;
        if (!wait) {
            lot.kind = Lot::Kind::Full;
            return lot;
        }
        const bool mayWait = live_ >= terms_.minimum;
        if (mayWait && isPast(tellAt)) {
            lot.kind = Lot::Kind::Late;
            return lot;
        }
        if (takeBusy(lot) || !mayWait)
            return lot;
        changed_.wait_until(lock, tellAt);
    }
}

void MemoryLedger::settle(Lot& lot, bool done) {
    Idle refused;
    {
        const std::lock_guard lock(mutex_);
        waitedFor_--;
        if (done) {
            lot.kind = lot.buffer != nullptr ? Lot::Kind::Buffer : Lot::Kind::Memory;
            return;
        }
        Idle& home = keeping_ ? idle_ : refused;
        if (lot.buffer != nullptr)
            home.buffers.push_front(lot.buffer);
        else
            home.memories.push_front(lot.memory);
    }
    changed_.notify_one();
    release(std::move(refused));
}

bool MemoryLedger::giveUp() {
    GstBuffer* buffer = nullptr;
    GstMemory* memory = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (!isAtRest() && !flushing_ && live_ <= terms_.minimum)
            return false;
        memory = takeSpare(idle_.memories);
        if (memory == nullptr)
            buffer = takeSpare(idle_.buffers);
    }
    if (memory != nullptr) {
        condemn(memory);
        gst_memory_unref(memory);
        return true;
    }
    if (buffer == nullptr)
        return false;
    for (guint i = 0; i < gst_buffer_n_memory(buffer); i++)
        condemn(gst_buffer_peek_memory(buffer, i));
    gst_buffer_unref(buffer);
    return true;
}

bool MemoryLedger::pause(std::chrono::milliseconds longest) {
    std::unique_lock lock(mutex_);
    if (!flushing_)
        changed_.wait_for(lock, longest);
    return !flushing_;
}

MemoryLedger::Lot MemoryLedger::reserve() {
    const std::lock_guard lock(mutex_);
    Lot lot;
    if (!takeRoom(lot))
        lot.kind = Lot::Kind::Full;
    return lot;
}

bool MemoryLedger::put(GstBuffer* buffer) {
    {
        const std::lock_guard lock(mutex_);
        if (!keeping_)
            return false;
        idle_.buffers.push_back(buffer);
    }
    changed_.notify_one();
    return true;
}

void MemoryLedger::setFlushing(bool flushing) {
    {
        const std::lock_guard lock(mutex_);
        flushing_ = flushing;
        keeping_ = keeping_ || !flushing;
    }
    changed_.notify_all();
}

void MemoryLedger::retire() {
    Idle left;
    {
        const std::lock_guard lock(mutex_);
        left = stopKeeping();
    }
    release(std::move(left));
}

void MemoryLedger::retireIfFlushing() {
    Idle left;
    {
        const std::lock_guard lock(mutex_);
        if (!flushing_)
            return;
        left = stopKeeping();
    }
    release(std::move(left));
}

bool MemoryLedger::hasIdle() const {
    const std::lock_guard lock(mutex_);
    return idle() > 0;
}

unsigned MemoryLedger::available() const {
    const std::lock_guard lock(mutex_);
    if (terms_.maximum == 0)
        return G_MAXUINT;
    return static_cast<unsigned>(idle() + (terms_.maximum - live_ - reserved_));
}

MemoryLedger::Holding MemoryLedger::holding() const {
    const std::lock_guard lock(mutex_);
    Holding holding;
    holding.owner = terms_.owner;
    holding.out = live_ - idle();
    holding.idle = idle();
    holding.earlier = strays_;
    holding.bytes = live_ * terms_.blockBytes;
    return holding;
}

uint64_t MemoryLedger::lastUse() const {
    const std::lock_guard lock(mutex_);
    return lastUse_;
}

uint64_t MemoryLedger::tick() {
    static std::atomic<uint64_t> ticks{0};
    return ticks.fetch_add(1, std::memory_order_relaxed) + 1;
}

bool MemoryLedger::takeIdle(Lot& lot) {
    if ((lot.buffer = takeOldest(idle_.buffers)) != nullptr) {
        lot.kind = Lot::Kind::Buffer;
        return true;
    }
    if ((lot.memory = takeOldest(idle_.memories)) != nullptr) {
        lot.kind = Lot::Kind::Memory;
        return true;
    }
    return false;
}

/// What has been idle longest is the likeliest to be done first.
bool MemoryLedger::takeBusy(Lot& lot) {
    if (!idle_.buffers.empty()) {
        lot.buffer = idle_.buffers.front();
        idle_.buffers.pop_front();
    } else if (!idle_.memories.empty()) {
        lot.memory = idle_.memories.front();
        idle_.memories.pop_front();
    } else {
        return false;
    }
    waitedFor_++;
    lot.kind = Lot::Kind::Busy;
    lot.last = out() + reserved_ == waitedFor_;
    return true;
}

bool MemoryLedger::takeRoom(Lot& lot) {
    if (terms_.maximum != 0 && live_ + reserved_ >= terms_.maximum)
        return false;
    reserved_++;
    lot.kind = Lot::Kind::Room;
    lot.seat = Seat(shared_from_this(), run_);
    lot.departures = departures_;
    return true;
}

MemoryLedger::Idle MemoryLedger::stopKeeping() {
    keeping_ = false;
    return std::exchange(idle_, Idle());
}

void MemoryLedger::release(Idle idle) {
    for (GstBuffer* buffer : idle.buffers)
        gst_buffer_unref(buffer);
    for (GstMemory* memory : idle.memories)
        gst_memory_unref(memory);
}

void MemoryLedger::vacate(uint64_t run, bool occupied) {
    {
        const std::lock_guard lock(mutex_);
        if (run != run_)
            strays_--;
        else if (occupied)
            live_--;
        else
            reserved_--;
        departures_ += occupied ? 1 : 0;
    }
    // Room is for takers, a departure for those who wait for space in the heap: wake them all.
    changed_.notify_all();
}

} // namespace mediaheap::gst
