// SPDX-License-Identifier: LGPL-2.1-or-later
#include "soc/simulated_side.h"

#include <cerrno>
#include <optional>

#include "base/error.h"
#include "kernel/kernel.h"
#include "sync/sync_ioctl.h"

namespace mediaheap {

Result<void> SimulatedSide::sync(SyncEdge edge, Access access, ByteRange range) {
    uint64_t flags = syncFlags(edge, access);
    const int result = syncIoctl(kernel_, fd_, flags);
    if (result < 0 && result != -ENOTTY)
        return makeError(-result, describeSync(edge));
    std::optional<Access> asked; // of the caches
    if (result < 0)
        asked = static_cast<Access>(flags & static_cast<uint64_t>(Access::ReadWrite));
    buffer_->sync(edge, access, asked, range);
    return {};
}

Result<void> SimulatedSide::beginManual(size_t) {
    buffer_->setManual(true);
    return {};
}

Result<void> SimulatedSide::flush(ByteRange range, std::chrono::milliseconds) {
    // See sync(): the real call comes first.
    uint64_t flags = syncFlags(SyncEdge::End, Access::ReadWrite);
    const int result = syncIoctl(kernel_, fd_, flags);
    if (result < 0 && result != -ENOTTY)
        return makeError(-result, "flush (DMA_BUF_IOCTL_SYNC END)");
    if (result < 0)
        buffer_->flush(range);
    return {};
}

Result<void> SimulatedSide::endManual(size_t) {
    buffer_->setManual(false);
    return {};
}

} // namespace mediaheap
