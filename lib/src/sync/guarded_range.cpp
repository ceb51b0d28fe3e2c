// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/guarded_range.h"

#include <array>
#include <mutex>
#include <vector>

namespace mediaheap {

namespace {

/// All ranges that there ever were, in chunks that stay where they are.
struct Chunk {
    std::array<GuardedRange, 32> ranges;
    Chunk* next = nullptr;
};

std::atomic<Chunk*> chunks{nullptr};

struct Pool {
    std::mutex mutex;
    std::vector<GuardedRange*> free;

    static Pool& instance() {
        static Pool* const pool = new Pool; // heaps may outlive static objects
        return *pool;
    }
};

} // namespace

GuardedRange& GuardedRange::claim() {
    Pool& pool = Pool::instance();
    const std::lock_guard guard(pool.mutex);
    if (pool.free.empty()) {
        auto* const chunk = new Chunk;
        chunk->next = chunks.load();
        pool.free.reserve(pool.free.size() + chunk->ranges.size());
        for (GuardedRange& range : chunk->ranges)
            pool.free.push_back(&range);
        chunks.store(chunk, std::memory_order_release);
    }
    GuardedRange& range = *pool.free.back();
    pool.free.pop_back();
    return range;
}

void GuardedRange::release() {
    {
        const std::lock_guard guard(lock);
        begin.store(0);
        oldest = {};
        ended = {};
        strays = nullptr;
        live = false;
    }
    Pool& pool = Pool::instance();
    const std::lock_guard guard(pool.mutex);
    pool.free.push_back(this);
}

GuardedRange* GuardedRange::find(uintptr_t address) noexcept {
    for (Chunk* chunk = chunks.load(std::memory_order_acquire); chunk; chunk = chunk->next) {
        for (GuardedRange& range : chunk->ranges) {
            if (range.isAt(address))
                return &range;
        }
    }
    return nullptr;
}

} // namespace mediaheap
