// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/sequence.h"

#include <atomic>

namespace mediaheap {

uint64_t nextSequence() noexcept {
    static std::atomic<uint64_t> last{0};
    return ++last;
}

} // namespace mediaheap
