// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string>

#include <mediaheap/result.h>

namespace mediaheap {

class Kernel;

/// The contents of a small file, as those of /proc and /sys are: its first @p most bytes.
Result<std::string> readSmallFile(Kernel& kernel, const std::string& path, size_t most = 4095);

} // namespace mediaheap
