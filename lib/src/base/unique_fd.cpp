// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>
#include <unistd.h>

#include <mediaheap/unique_fd.h>

namespace mediaheap {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = other.release();
    }
    return *this;
}

UniqueFd::~UniqueFd() { reset(); }

int UniqueFd::release() noexcept {
    const int fd = fd_;
    fd_ = -1;
    return fd;
}

void UniqueFd::reset() noexcept {
    if (fd_ < 0)
        return;
    const int saved = errno;
    // Linux releases the descriptor even when close() reports EINTR, so a retry could close
    // somebody else's (close(2), NOTES).
    ::close(release());
    errno = saved;
}

} // namespace mediaheap
