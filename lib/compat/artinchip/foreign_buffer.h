// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>

#include <mediaheap/access.h>
#include <mediaheap/result.h>

namespace mediaheap::aic {

// Buffers that somebody else has made, for which the kernel alone is asked.

/// Errors: EBADF, EINVAL more than the file has; what mmap(2) answers.
Result<void*> mapForeign(int fd, size_t size);
/// Errors: EINVAL.
Result<void> unmapForeign(void* address, size_t size);

/// Write: END for writing. Read: START for reading. In this order.
///
/// Errors: EBADF; ENOTTY no DMA-BUF; what the exporter answers.
Result<void> syncForeign(int fd, Access access);
/// The same for a part by its address in this process, where the kernel is ArtInChip's; elsewhere
/// for the whole buffer.
Result<void> syncForeign(int fd, Access access, const void* address, size_t size);

} // namespace mediaheap::aic
