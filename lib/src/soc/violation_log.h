// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include <mediaheap/simulated/violation.h>

namespace mediaheap {

/// What went wrong on the blocks of one heap and has not been taken yet.
///
/// Thread safety: all members from any thread.
class ViolationLog {
public:
    static constexpr size_t longest = 1024;

    /// Also logs its summary as a warning. When the log is full the new one is only counted: the
    /// first mistakes explain the later ones.
    void add(simulated::Violation violation);

    /// Takes those of one device (Device::id()), or with 0 all.
    std::vector<simulated::Violation> take(uint64_t device);

    /// All that were ever added.
    uint64_t total() const;

private:
    mutable std::mutex mutex_;
    std::deque<simulated::Violation> waiting_;
    uint64_t total_ = 0;
};

} // namespace mediaheap
