// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sources/catalog.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "kernel/kernel.h"
#include "sources/dma_heap.h"
#include "sources/memfd.h"
#include "sources/mmz.h"
#include "sources/mpp.h"
#include "sources/simulated.h"
#include "sources/source_names.h"
#include "sources/udmabuf.h"

namespace mediaheap {

namespace {

CatalogEntry dmaHeapEntry(const std::string& name) {
    const SourceTraits traits = DmaHeapSource::traitsOf(name);
    CatalogEntry entry{"dma-heap", name, {}, false};
    if (name == "mpp")
        entry.summary = "ArtInChip's MPP heap, which source mpp knows better";
    else if (traits.contiguous)
        entry.summary = "the kernel's CMA heap, physically contiguous";
    else if (name == "system")
        entry.summary = "the kernel's system heap, scattered pages";
    else if (!traits.cached)
        entry.summary = "a heap of this kernel with uncached CPU mappings";
    else
        entry.summary = "a heap of this kernel; what its memory is like is not known";
    entry.automatic = (traits.contiguous && name != "mpp") || name == "system";
    return entry;
}

} // namespace

std::vector<CatalogEntry> listSources(Kernel& kernel) {
    std::vector<std::string> names;
    kernel.listDirectory(DmaHeapSource::directory, names); // none where it fails
    std::sort(names.begin(), names.end());

    std::vector<CatalogEntry> contiguous;
    std::vector<CatalogEntry> others;
    for (const std::string& name : names) {
        CatalogEntry entry = dmaHeapEntry(name);
        if (name == "system")
            continue;
        (entry.automatic ? contiguous : others).push_back(std::move(entry));
    }
    if (contiguous.empty())
        contiguous.push_back(dmaHeapEntry("default_cma_region"));

    std::vector<CatalogEntry> entries;
    // Its last node is an ordinary CMA heap on most machines, and auto calls that by its name.
    entries.push_back({"mpp", {}, "ArtInChip's MPP heap", !MppSource::isOnlyCma(kernel)});
    entries.push_back({"mmz", {}, "HiSilicon's media memory, by physical address", true});
    std::move(contiguous.begin(), contiguous.end(), std::back_inserter(entries));
    entries.push_back(dmaHeapEntry("system"));
    entries.push_back({"udmabuf", {}, "DMA-BUFs carved out of ordinary memory", true});
    entries.push_back({"memfd", {}, "shared memory, a stand-in that no driver imports", true});
    entries.insert(entries.end(), others.begin(), others.end());
    entries.push_back(
        {"simulated", {}, "an emulated SoC with caches that are not coherent", false});
    return entries;
}

Result<std::unique_ptr<Source>> openSource(Kernel& kernel, std::string_view source,
                                           const SourceOptions& options) {
    if (source == "memfd")
        return MemfdSource::open(kernel, options);
    if (source == "udmabuf")
        return UdmabufSource::open(kernel, options);
    if (source == "dma-heap")
        return DmaHeapSource::open(kernel, options);
    if (source == "mpp")
        return MppSource::open(kernel, options);
    if (source == "mmz")
        return MmzSource::open(kernel, options);
    if (source == "simulated")
        return SimulatedSource::open(kernel, options);
    return makeError(EINVAL, "open a heap", "unknown source '" + std::string(source) + "'",
                     "the sources are " + knownSources());
}

} // namespace mediaheap
