// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/device_side.h"

#include <cerrno>

#include "base/error.h"

namespace mediaheap {

DeviceSide::~DeviceSide() = default;

Result<void> DeviceSide::beginManual(size_t size) {
    return sync(SyncEdge::Start, Access::ReadWrite, {0, size});
}

Result<void> DeviceSide::flush(ByteRange range, std::chrono::milliseconds longest) {
    if (Result<void> cleaned = sync(SyncEdge::WriteBack, Access::Write, range); !cleaned)
        return cleaned;
    // A kernel's START waits for those who write, and without an end.
    const Result<bool> idle = waitUntilIdle(Access::Read, longest);
    if (!idle)
        return idle.error();
    if (!idle.value())
        return makeError(ETIMEDOUT, "flush",
                         "a device is still writing to the memory after " +
                             std::to_string(longest.count()) + " ms",
                         "flush once it is done, or give it longer with wait= in the heap string");
    return sync(SyncEdge::Start, Access::Read, range);
}

Result<void> DeviceSide::endManual(size_t size) {
    return sync(SyncEdge::End, Access::ReadWrite, {0, size});
}

Result<UniqueFd> DeviceSide::exportFence(Access) {
    return makeError(EOPNOTSUPP, "export a fence",
                     "the memory is no DMA-BUF, and no kernel keeps its fences",
                     "ask whether it is idle instead, or open udmabuf or a dma-heap");
}

} // namespace mediaheap
