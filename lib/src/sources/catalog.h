// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <mediaheap/result.h>

#include "sources/source.h"

namespace mediaheap {

class Kernel;

/// One source that this library can try on this machine.
struct CatalogEntry {
    std::string source;  ///< `dma-heap`
    std::string name;    ///< `system`, empty where the source takes none
    std::string summary; ///< what it is, in a few words
    bool automatic;      ///< `auto` considers it
};

/// The sources to try here, in the order in which `auto` prefers them: contiguous memory that every
/// device can read first, memory that no device can import last. Sources whose node is missing are
/// listed too, so that the reader learns why they are not there.
std::vector<CatalogEntry> listSources(Kernel& kernel);

/// Opens @p source, one of sourceNames().
///
/// Errors: EINVAL for a source that this library does not have or a name it does not take.
Result<std::unique_ptr<Source>> openSource(Kernel& kernel, std::string_view source,
                                           const SourceOptions& options);

} // namespace mediaheap
