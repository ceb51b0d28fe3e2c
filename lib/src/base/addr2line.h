// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mediaheap {

/// The path of GNU addr2line, looked for once in PATH; empty where it is not installed.
const std::string& addr2linePath();

/// What addr2line says of each of @p addresses in @p module: `function at file:line`, inlined calls
/// in lines of their own behind it. Empty where it knows nothing; all empty where it is not
/// installed or takes longer than ten seconds.
///
/// Not for signal handlers.
std::vector<std::string> runAddr2line(const std::string& module,
                                      const std::vector<uint64_t>& addresses);

} // namespace mediaheap
