// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mediaheap {

/// The sources of this library, in the order in which `auto` prefers them, and last what it never
/// takes. The one list: heap strings are read by it, and the manual page and docs/heap-string.md
/// are tested against it.
std::vector<std::string> sourceNames();

/// Whether @p source is one of ours (`auto` is not: it stands for one of them).
bool isKnownSource(std::string_view source);

/// Whether a name may stand behind it: `mpp:reserved`.
bool takesName(std::string_view source);
/// Whether one has to: `dma-heap:system`.
bool needsName(std::string_view source);

/// For error messages: the sources, and auto.
std::string knownSources();

} // namespace mediaheap
