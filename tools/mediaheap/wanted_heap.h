// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include <mediaheap/result.h>

#include "heap/heap_string.h"
#include "tables/table_content.h"

namespace mediaheap::tool {

/// The heaps that a command is about: `udmabuf` means every heap of that source,
/// `udmabuf,zone=camera` those whose keys agree.
class WantedHeap {
public:
    /// Errors: EINVAL for what is no heap string.
    static Result<WantedHeap> parse(const std::string& text);

    bool isAuto() const { return string_.source == "auto"; }
    /// The source that `auto` is on this machine, with the keys as they were given.
    ///
    /// Errors: those of opening it.
    Result<void> resolveAuto();

    bool means(const TableContent& heap) const;
    /// The node of ArtInChip's MPP heap, which belongs to no process.
    bool isNode() const { return string_.source == "mpp"; }
    std::string text() const { return string_.canonical(); }

private:
    HeapString string_;
};

} // namespace mediaheap::tool
