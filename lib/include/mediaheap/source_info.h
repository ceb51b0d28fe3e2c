// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace mediaheap {

/// One source of heap memory on this machine, as Heap::sources() found it by trying it.
///
/// Since: 0.1
struct SourceInfo {
    std::string heap;        ///< the heap string that opens it, as `dma-heap:system`
    std::string summary;     ///< what it is, in a few words
    bool usable = false;     ///< a page was allocated from it and given back
    std::string reason;      ///< why not, with the remedy; empty when usable
    bool dmabuf = false;     ///< its blocks are DMA-BUFs, which hardware drivers import
    bool contiguous = false; ///< its blocks are physically contiguous
    bool cached = true;      ///< its CPU mappings go through the caches
    bool automatic = false;  ///< `auto` considers it; the list is in the order of preference
};

} // namespace mediaheap
