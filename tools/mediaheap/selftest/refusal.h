// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string>

namespace mediaheap::tool {

/// Whether a heap that refuses memory says that @p blocks blocks called @p name have it: these, and
/// not a zone or a heap of that name, nor others' blocks.
bool namesHolder(const std::string& refusal, const std::string& name, size_t blocks);

/// Whether it leaves out some of those who have memory, because others have more.
bool leavesHoldersOut(const std::string& refusal);

} // namespace mediaheap::tool
