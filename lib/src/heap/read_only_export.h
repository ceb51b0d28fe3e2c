// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

namespace mediaheap {

class Kernel;

/// A descriptor of the memory behind @p fd with which nobody can write to it: for
/// Block::exportReadOnlyFd(), which says what that takes.
Result<UniqueFd> exportReadOnly(Kernel& kernel, int fd, bool dmabuf);

} // namespace mediaheap
