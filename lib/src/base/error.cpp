// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace mediaheap {

namespace {

// strerrorname_np() would do, but only from glibc 2.32 on and never with musl.
const char* errnoName(int code) {
    switch (code) {
    case EACCES:
        return "EACCES";
    case EAGAIN:
        return "EAGAIN";
    case EBADF:
        return "EBADF";
    case EBADFD:
        return "EBADFD";
    case EBUSY:
        return "EBUSY";
    case EINTR:
        return "EINTR";
    case EINVAL:
        return "EINVAL";
    case EIO:
        return "EIO";
    case EMFILE:
        return "EMFILE";
    case ENFILE:
        return "ENFILE";
    case ENODEV:
        return "ENODEV";
    case ENOENT:
        return "ENOENT";
    case ENOMEM:
        return "ENOMEM";
    case ENOSPC:
        return "ENOSPC";
    case ENOTTY:
        return "ENOTTY";
    case ENXIO:
        return "ENXIO";
    case EOPNOTSUPP:
        return "EOPNOTSUPP";
    case EOVERFLOW:
        return "EOVERFLOW";
    case EPERM:
        return "EPERM";
    case ETIMEDOUT:
        return "ETIMEDOUT";
    case EUCLEAN:
        return "EUCLEAN";
    default:
        return nullptr;
    }
}

} // namespace

std::string errnoText(int code) {
    std::string text = std::generic_category().message(code);
    const char* const name = errnoName(code);
    text += " (" + (name ? std::string(name) : "errno " + std::to_string(code)) + ")";
    return text;
}

std::string Error::message() const {
    std::string text;
    if (!heap.empty())
        text += "heap '" + heap + "': ";
    if (!step.empty())
        text += step + ": ";
    text += cause.empty() ? errnoText(code) : cause;
    if (!remedy.empty())
        text += "; " + remedy;
    return text;
}

} // namespace mediaheap
