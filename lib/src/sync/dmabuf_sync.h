// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <mediaheap/access.h>
#include <mediaheap/result.h>

namespace mediaheap {

class Kernel;

enum class SyncEdge { Start, End };

/// One DMA_BUF_IOCTL_SYNC, restarted on EINTR and EAGAIN: "the ioctl can be interrupted by a signal
/// and must be restarted" (Linux, Documentation/driver-api/dma-buf.rst).
///
/// Errors: what the exporter answers.
Result<void> syncDmabuf(Kernel& kernel, int fd, SyncEdge edge, Access access);

} // namespace mediaheap
