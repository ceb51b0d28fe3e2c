// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include <mediaheap/export.h>
#include <mediaheap/log.h>

namespace mediaheap {

/// Sends one line to the handler in force. Exported for the vendors' interfaces.
MEDIAHEAP_API void log(LogLevel level, const std::string& line) noexcept;

} // namespace mediaheap
