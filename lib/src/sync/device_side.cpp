// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sync/device_side.h"

#include <cerrno>

#include "base/error.h"

namespace mediaheap {

DeviceSide::~DeviceSide() = default;

Result<UniqueFd> DeviceSide::exportFence(Access) {
    return makeError(EOPNOTSUPP, "export a fence",
                     "the memory is no DMA-BUF, and no kernel keeps its fences",
                     "ask whether it is idle instead, or open udmabuf or a dma-heap");
}

} // namespace mediaheap
