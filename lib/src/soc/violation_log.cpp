// SPDX-License-Identifier: LGPL-2.1-or-later
#include "soc/violation_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"

namespace mediaheap {

void ViolationLog::add(simulated::Violation violation) {
    log(LogLevel::Warning, violation.summary());
    const std::lock_guard lock(mutex_);
    total_++;
    if (waiting_.size() < longest)
        waiting_.push_back(std::move(violation));
}

std::vector<simulated::Violation> ViolationLog::take(uint64_t device) {
    const std::lock_guard lock(mutex_);
    const auto taken = std::stable_partition(waiting_.begin(), waiting_.end(),
                                             [&](const simulated::Violation& violation) {
                                                 return device != 0 && violation.deviceId != device;
                                             });
    std::vector<simulated::Violation> result(std::make_move_iterator(taken),
                                             std::make_move_iterator(waiting_.end()));
    waiting_.erase(taken, waiting_.end());
    return result;
}

uint64_t ViolationLog::total() const {
    const std::lock_guard lock(mutex_);
    return total_;
}

} // namespace mediaheap
