// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lent_pools.h"

#include <algorithm>

namespace mediaheap::plugin {

namespace {

guint64 bytesCopiedFrom(const ObjectPtr<GstBufferPool>& pool) {
    guint64 bytes = 0;
    g_object_get(pool.get(), "bytes-copied", &bytes, nullptr);
    return bytes;
}

/// Buffers that are out hold a reference to their pool, so nothing can be copied from the memory of
/// a pool that is referenced from here alone.
bool isUnused(const ObjectPtr<GstBufferPool>& pool) {
    return GST_OBJECT_REFCOUNT_VALUE(pool.get()) == 1;
}

} // namespace

void LentPools::add(GstBufferPool* pool) {
    const std::lock_guard lock(mutex_);
    settleUnused();
    pools_.push_back(newRef(pool));
}

guint64 LentPools::bytesCopied() {
    const std::lock_guard lock(mutex_);
    settleUnused();
    guint64 bytes = settled_;
    for (const auto& pool : pools_)
        bytes += bytesCopiedFrom(pool);
    return bytes;
}

void LentPools::letGo() {
    const std::lock_guard lock(mutex_);
    for (const auto& pool : pools_)
        settled_ += bytesCopiedFrom(pool);
    pools_.clear();
}

void LentPools::reset() {
    const std::lock_guard lock(mutex_);
    pools_.clear();
    settled_ = 0;
}

void LentPools::settleUnused() {
    const auto unused = std::partition(pools_.begin(), pools_.end(),
                                       [](const auto& pool) { return !isUnused(pool); });
    for (auto pool = unused; pool != pools_.end(); ++pool)
        settled_ += bytesCopiedFrom(*pool);
    pools_.erase(unused, pools_.end());
}

} // namespace mediaheap::plugin
