// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include <mediaheap/access.h>

#include "sync/device_side.h"

namespace mediaheap {

class Kernel;

/// What DMA_BUF_IOCTL_SYNC takes for a sync.
uint64_t syncFlags(SyncEdge edge, Access access) noexcept;

/// One DMA_BUF_IOCTL_SYNC, restarted on EINTR and EAGAIN: "the ioctl can be interrupted by a signal
/// and must be restarted" (Linux, Documentation/driver-api/dma-buf.rst). 0 or a negative errno;
/// @p flags are then what the call left of them.
int syncIoctl(Kernel& kernel, int fd, uint64_t& flags);

/// The failing step for an error message.
const char* describeSync(SyncEdge edge) noexcept;

} // namespace mediaheap
