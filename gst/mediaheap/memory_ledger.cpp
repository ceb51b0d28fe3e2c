// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memory_ledger.h"

#include <utility>

namespace mediaheap::gst {

MemoryLedger::Seat::Seat(Seat&& other) noexcept
    : ledger_(std::move(other.ledger_)), run_(other.run_), occupied_(other.occupied_) {}

MemoryLedger::Seat& MemoryLedger::Seat::operator=(Seat&& other) noexcept {
    if (this != &other) {
        leave();
        ledger_ = std::move(other.ledger_);
        run_ = other.run_;
        occupied_ = other.occupied_;
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
    if (!ledger)
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

void MemoryLedger::begin(unsigned maximum) {
    Idle left;
    {
        const std::lock_guard lock(mutex_);
        left = stopKeeping();
        run_++;
        maximum_ = maximum;
        strays_ += live_ + reserved_;
        live_ = 0;
        reserved_ = 0;
        keeping_ = true;
    }
    release(std::move(left));
}

MemoryLedger::Lot MemoryLedger::take(bool wait) {
    std::unique_lock lock(mutex_);
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
        changed_.wait(lock);
    }
}

MemoryLedger::Lot MemoryLedger::takeReturned(uint64_t departures, bool wait) {
    std::unique_lock lock(mutex_);
    Lot lot;
    for (;;) {
        if (flushing_) {
            lot.kind = Lot::Kind::Flushing;
            return lot;
        }
        if (takeIdle(lot) || (departures_ != departures && takeRoom(lot)))
            return lot;
        // Another taker's memory in the making is a hope as well.
        if (out() + reserved_ == 0)
            return lot;
        if (!wait) {
            lot.kind = Lot::Kind::Full;
            return lot;
        }
        changed_.wait(lock);
    }
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

size_t MemoryLedger::live() const {
    const std::lock_guard lock(mutex_);
    return live_ + strays_;
}

bool MemoryLedger::takeIdle(Lot& lot) {
    if (!idle_.buffers.empty()) {
        lot.kind = Lot::Kind::Buffer;
        lot.buffer = idle_.buffers.front();
        idle_.buffers.pop_front();
        return true;
    }
    if (!idle_.memories.empty()) {
        lot.kind = Lot::Kind::Memory;
        lot.memory = idle_.memories.front();
        idle_.memories.pop_front();
        return true;
    }
    return false;
}

bool MemoryLedger::takeRoom(Lot& lot) {
    if (maximum_ != 0 && live_ + reserved_ >= maximum_)
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
