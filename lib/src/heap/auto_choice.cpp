// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/auto_choice.h"

#include <optional>
#include <utility>

#include "heap/backing.h"
#include "heap/default_heap.h"
#include "kernel/kernel.h"
#include "sources/dma_heap.h"

namespace mediaheap {

namespace {

Result<void> tryOnePage(Kernel& kernel, const CatalogEntry& entry) {
    const size_t page = kernel.pageSize();
    SourceOptions options;
    options.name = entry.name;
    options.size = page;
    options.zone = "probe";
    Result<std::unique_ptr<Source>> source = openSource(kernel, entry.source, options);
    if (!source)
        return std::move(source).error();
    Result<SourceMemory> memory =
        source.value()->create(0, page, {"mediaheap-probe", source.value()->traits().cached});
    if (!memory)
        return std::move(memory).error();
    const Result<Backing> backing = Backing::make(kernel, std::move(memory).value(), page, page);
    return backing ? Result<void>() : Result<void>(backing.error());
}

} // namespace

SourceInfo describeSource(const CatalogEntry& entry) {
    SourceInfo info;
    info.heap = entry.source + (entry.name.empty() ? "" : ":" + entry.name);
    info.summary = entry.summary;
    info.dmabuf = entry.source == "udmabuf" || entry.source == "dma-heap" || entry.source == "mpp";
    info.contiguous = entry.source == "mpp" || entry.source == "mmz";
    info.automatic = entry.automatic;
    if (entry.source == "dma-heap") {
        const SourceTraits traits = DmaHeapSource::traitsOf(entry.name);
        info.contiguous = traits.contiguous;
        info.cached = traits.cached;
    }
    return info;
}

std::vector<SourceInfo> probeSources(Kernel& kernel) {
    std::vector<SourceInfo> infos;
    for (const CatalogEntry& entry : listSources(kernel)) {
        SourceInfo info = describeSource(entry);
        const Result<void> tried = tryOnePage(kernel, entry);
        info.usable = tried.ok();
        if (!tried)
            info.reason = tried.error().message();
        infos.push_back(std::move(info));
    }
    return infos;
}

Result<std::vector<HeapString>> autoCandidates(Kernel& kernel, const HeapString& wanted) {
    std::vector<HeapString> candidates;
    Result<std::optional<HeapString>> chosen = defaultHeap();
    if (!chosen)
        return std::move(chosen).error();
    if (std::optional<HeapString>& defaults = chosen.value()) {
        if (Result<void> loaded = defaults->loadZones(kernel); !loaded)
            return blameDefaultHeap(std::move(loaded).error());
        HeapString candidate = wanted;
        candidate.source = defaults->source;
        candidate.name = defaults->name;
        candidate.fillFrom(*defaults);
        candidates.push_back(std::move(candidate));
        return candidates;
    }

    for (const CatalogEntry& entry : listSources(kernel)) {
        if (!entry.automatic)
            continue;
        HeapString candidate = wanted;
        candidate.source = entry.source;
        candidate.name = entry.name;
        candidates.push_back(std::move(candidate));
    }
    return candidates;
}

} // namespace mediaheap
