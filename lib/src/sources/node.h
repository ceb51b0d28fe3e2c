// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

namespace mediaheap {

class Kernel;

/// Opens a device node; an error says what is missing, or who may open the node and who asked.
/// @p absentRemedy is what to do where the node does not exist.
Result<UniqueFd> openNode(Kernel& kernel, const std::string& path, int flags,
                          const std::string& absentRemedy);

} // namespace mediaheap
