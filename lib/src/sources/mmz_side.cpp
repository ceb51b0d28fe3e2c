// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sources/mmz_side.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"
#include "sources/mmz_uapi.h"

namespace mediaheap {

MmzSide::MmzSide(Kernel& kernel, std::shared_ptr<const UniqueFd> node, uint64_t physical,
                 size_t size, bool cached)
    : PlainSide(kernel, size), kernel_(kernel), node_(std::move(node)), physical_(physical),
      size_(size), cached_(cached) {}

ByteRange MmzSide::reach(ByteRange range) const noexcept {
    const uint64_t begin = range.offset & ~(line - 1);
    const uint64_t end = std::min<uint64_t>((range.end() + line - 1) & ~(line - 1), size_);
    return {begin, end - begin};
}

Result<void> MmzSide::sync(SyncEdge edge, Access, ByteRange range) {
    if (!cached_)
        return {};
    MmzRange<uintptr_t> request{};
    request.physical = static_cast<uintptr_t>(physical_ + range.offset);
    request.mapped = reinterpret_cast<uintptr_t>(mapped_ + range.offset);
    request.size = static_cast<uintptr_t>(range.size);
    const int result = uninterrupted(
        [&] { return kernel_.ioctl(node_->get(), MmzIoctl<uintptr_t>::flush, &request); });
    if (result >= 0)
        return {};
    return makeError(-result, edge == SyncEdge::Start ? "start a CPU access (MMZ's FLUSH_DIRTY)"
                                                      : "end a CPU access (MMZ's FLUSH_DIRTY)");
}

} // namespace mediaheap
