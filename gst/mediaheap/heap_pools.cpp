// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap_pools.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace mediaheap::gst {

namespace {

constexpr size_t poolsShown = 8;

std::string describe(const MemoryLedger::Holding& holding) {
    std::string text = holding.owner + " " + std::to_string(holding.bytes / 1024) + " KiB (" +
                       std::to_string(holding.out) + " out, " + std::to_string(holding.idle) +
                       " idle";
    if (holding.earlier > 0)
        text += ", " + std::to_string(holding.earlier) + " of an earlier format";
    return text + ")";
}

} // namespace

void HeapPools::add(const std::shared_ptr<MemoryLedger>& pool) {
    const std::lock_guard lock(mutex_);
    pools_.push_back(pool);
}

void HeapPools::remove(const MemoryLedger& pool) {
    const std::lock_guard lock(mutex_);
    pools_.erase(std::remove_if(pools_.begin(), pools_.end(),
                                [&pool](const auto& entry) {
                                    const auto living = entry.lock();
                                    return !living || living.get() == &pool;
                                }),
                 pools_.end());
}

HeapPools::Pools HeapPools::living() const {
    const std::lock_guard lock(mutex_);
    Pools living;
    for (const auto& entry : pools_) {
        if (auto pool = entry.lock())
            living.push_back(std::move(pool));
    }
    return living;
}

bool HeapPools::reclaim(const MemoryLedger& asking, const std::function<uint64_t()>& used,
                        const std::function<bool()>& isEnough) const {
    std::vector<std::pair<uint64_t, std::shared_ptr<MemoryLedger>>> others;
    for (const auto& pool : living()) {
        if (pool.get() != &asking)
            others.emplace_back(pool->lastUse(), pool);
    }
    std::sort(others.begin(), others.end());
    for (const auto& other : others) {
        for (uint64_t before = used(); other.second->giveUp();) {
            if (isEnough())
                return true;
            const uint64_t after = used();
            if (after >= before)
                break;
            before = after;
        }
    }
    return false;
}

std::string HeapPools::describe() const {
    std::vector<MemoryLedger::Holding> holdings;
    for (const auto& pool : living()) {
        MemoryLedger::Holding holding = pool->holding();
        if (holding.out + holding.idle + holding.earlier > 0)
            holdings.push_back(std::move(holding));
    }
    std::stable_sort(holdings.begin(), holdings.end(),
                     [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    std::string text;
    for (size_t i = 0; i < std::min(holdings.size(), poolsShown); i++)
        text += (i > 0 ? ", " : "") + gst::describe(holdings[i]);
    if (holdings.size() > poolsShown)
        text += ", and " + std::to_string(holdings.size() - poolsShown) + " more pools";
    return text;
}

} // namespace mediaheap::gst
