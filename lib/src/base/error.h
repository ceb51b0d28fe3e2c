// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <utility>

#include <mediaheap/result.h>

namespace mediaheap {

/// The system's text and name for an errno value: `No such file or directory (ENOENT)`.
std::string errnoText(int code);

/// An Error with everything but the heap string, which Heap fills in.
inline Error makeError(int code, std::string step, std::string cause = {},
                       std::string remedy = {}) {
    Error error;
    error.code = code;
    error.step = std::move(step);
    error.cause = std::move(cause);
    error.remedy = std::move(remedy);
    return error;
}

} // namespace mediaheap
