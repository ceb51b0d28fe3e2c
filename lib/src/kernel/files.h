// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include <mediaheap/result.h>

namespace mediaheap {

class Kernel;

/// The contents of a small file of /proc or /sys, at most 4095 bytes.
Result<std::string> readSmallFile(Kernel& kernel, const std::string& path);

} // namespace mediaheap
