// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include <mediaheap/result.h>
#include <mediaheap/source_info.h>

#include "heap/heap_string.h"
#include "sources/catalog.h"

namespace mediaheap {

class Kernel;

/// What `auto` may become: the strings to try, in order, with the keys of @p wanted. That is the
/// one of MEDIAHEAP_DEFAULT where it is set (keys given in @p wanted win over its own), else every
/// source that `auto` considers on this machine.
///
/// Errors: those of HeapString::parse() for MEDIAHEAP_DEFAULT; EINVAL when that is `auto` again.
Result<std::vector<HeapString>> autoCandidates(Kernel& kernel, const HeapString& wanted);

/// Tries every source with one page, in the order in which `auto` prefers them.
std::vector<SourceInfo> probeSources(Kernel& kernel);

/// @p entry without a verdict.
SourceInfo describeSource(const CatalogEntry& entry);

} // namespace mediaheap
