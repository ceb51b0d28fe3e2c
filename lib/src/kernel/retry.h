// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cerrno>

namespace mediaheap {

/// Repeats a Kernel call as long as a signal interrupts it.
template <typename Call> auto uninterrupted(Call call) {
    auto result = call();
    while (result == -EINTR)
        result = call();
    return result;
}

} // namespace mediaheap
