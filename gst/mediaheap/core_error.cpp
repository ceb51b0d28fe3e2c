// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core_error.h"

#include <cerrno>

namespace mediaheap::gst {

GstResourceError resourceErrorOf(int errnoValue) {
    switch (errnoValue) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return GST_RESOURCE_ERROR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return GST_RESOURCE_ERROR_OPEN_READ_WRITE;
    case ENOMEM:
    case ENOSPC:
    case EMFILE:
    case ENFILE:
        return GST_RESOURCE_ERROR_NO_SPACE_LEFT;
    case EBUSY:
        return GST_RESOURCE_ERROR_BUSY;
    case EBADF:
    case EINVAL:
    case EOPNOTSUPP:
    case EOVERFLOW:
        return GST_RESOURCE_ERROR_SETTINGS;
    default:
        return GST_RESOURCE_ERROR_FAILED;
    }
}

void setError(GError** error, const Error& failure) {
    g_set_error_literal(error, GST_RESOURCE_ERROR, resourceErrorOf(failure.code),
                        failure.message().c_str());
}

} // namespace mediaheap::gst
