// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>

namespace mediaheap {

// Such a fence orders what another process sees in shared memory. ThreadSanitizer watches one
// process and has nothing to say about it; gcc warns that it does not understand the fence.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif

/// What was written before is seen before what is written after.
inline void orderStores() noexcept { std::atomic_thread_fence(std::memory_order_release); }

/// Nothing before is seen after anything that follows.
inline void orderAll() noexcept { std::atomic_thread_fence(std::memory_order_seq_cst); }

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#pragma GCC diagnostic pop
#endif

} // namespace mediaheap
