// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace mediaheap {

/// The next number, from 1: what the CPU and simulated devices do to blocks is counted over the
/// whole process, so that reports can say what came first. Thread safety: any thread.
uint64_t nextSequence() noexcept;

} // namespace mediaheap
