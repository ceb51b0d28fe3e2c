// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <mediaheap/result.h>

namespace mediaheap {

class Deadline;
class Kernel;

/// Waits until poll(2) says that @p fd is ready for @p events, or cannot become so any more
/// (POLLERR, POLLHUP); true then, false at the @p deadline. Looks once where that has passed
/// already.
///
/// Errors: EBADF where there is no such descriptor; what poll(2) answers.
Result<bool> await(Kernel& kernel, int fd, short events, const Deadline& deadline);

} // namespace mediaheap
