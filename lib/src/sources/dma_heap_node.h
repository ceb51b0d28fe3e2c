// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>

namespace mediaheap {

class Kernel;

/// DMA_HEAP_IOCTL_ALLOC on a heap's node: a DMA-BUF's descriptor, readable, writable and
/// close-on-exec, or a negative errno.
int allocateFromNode(Kernel& kernel, int node, size_t size);

} // namespace mediaheap
