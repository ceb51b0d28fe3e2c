// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/await.h"

#include <cerrno>
#include <poll.h>
#include <string>

#include "base/deadline.h"
#include "base/error.h"
#include "kernel/kernel.h"

namespace mediaheap {

Result<bool> await(Kernel& kernel, int fd, short events, const Deadline& deadline) {
    for (;;) {
        const auto left = static_cast<int>(deadline.left().count());
        const int came = kernel.poll(fd, events, left);
        if (came == -EINTR || came == -EAGAIN)
            continue;
        if (came < 0)
            return makeError(-came, "poll descriptor " + std::to_string(fd));
        if ((came & POLLNVAL) != 0)
            return makeError(EBADF, "poll descriptor " + std::to_string(fd));
        if (came != 0)
            return true;
        if (left == 0 || deadline.hasPassed())
            return false;
    }
}

} // namespace mediaheap
