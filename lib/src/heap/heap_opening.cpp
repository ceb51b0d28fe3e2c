// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/heap_opening.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "heap/exhaustion.h"
#include "kernel/kernel.h"
#include "sources/catalog.h"
#include "sources/simulated.h"

namespace mediaheap {

namespace {

constexpr uint64_t defaultSize = uint64_t{256} << 20;
constexpr uint64_t defaultCache = uint64_t{16} << 20;
constexpr uint64_t defaultWait = 2000;

Error refuse(const std::string& wish, const HeapString& string, const std::string& reason,
             const std::string& remedy) {
    return makeError(EOPNOTSUPP, "open source " + string.source, wish + ": " + reason, remedy);
}

} // namespace

Result<void> checkWishes(const HeapString& string, const SourceTraits& traits) {
    if (string.requireDmabuf && !traits.dmabuf)
        return refuse("require=dmabuf", string, "its memory is no DMA-BUF, no driver imports it",
                      "choose udmabuf or a dma-heap; `mediaheap list` shows what works here");
    if (string.cached && *string.cached != traits.cached && !traits.eitherCached)
        return refuse(traits.cached ? "cached=0" : "cached=1", string,
                      traits.cached ? "its CPU mappings are always cached"
                                    : "its CPU mappings are never cached",
                      traits.cached
                          ? "leave cached out: every access is synced, so cached memory is safe to "
                            "share with hardware"
                          : "leave cached out");
    if ((string.line || string.evict) && !traits.simulated)
        return refuse(string.line ? "line" : "evict", string, "its caches are real ones",
                      "leave it out, or rehearse on source simulated");
    if (string.contiguous.value_or(false) && !traits.contiguous)
        return refuse("contiguous=1", string, "its memory is made of scattered pages",
                      "choose a CMA heap such as dma-heap:default_cma_region; `mediaheap list` "
                      "shows whether there is one");
    if (string.mmz && !traits.zones)
        return refuse("mmz", string, "its memory lies where its own driver puts it",
                      "choose simulated, udmabuf or memfd for zones of your own");
    return {};
}

Result<HeapOpening> openHeap(Kernel& kernel, const HeapString& string) {
    const uint64_t page = kernel.pageSize();
    const uint64_t memory = kernel.physicalMemory();
    const uint64_t usualSize = std::max(std::min(defaultSize, memory / 4) & ~(page - 1), page);

    if (string.mmz) {
        if (Result<void> whole = string.mmz->checkPages(page); !whole)
            return std::move(whole).error();
    }
    const uint64_t wanted = string.mmz ? string.mmz->size() : string.size.value_or(usualSize);
    const auto size = roundUp(wanted, page);
    if (!size || *size > memory)
        return makeError(EINVAL, "size the zone",
                         std::string(string.mmz ? "mmz= with zones of " : "size=") +
                             std::to_string(wanted) + (string.mmz ? " bytes together" : "") +
                             " is more than this machine's memory of " + formatKib(memory),
                         "ask for less");
    const uint64_t base =
        string.mmz ? string.mmz->zones.front().start : string.base.value_or(uint64_t{0});
    if (base % page != 0 || !checkedAdd(base, *size))
        return makeError(EINVAL, "place the zone",
                         "base is no multiple of the page size of " + std::to_string(page) +
                             " bytes, or the zone would end beyond the address space",
                         "give another base");

    const bool sanitize = string.sanitize.value_or(false);
    if (string.stray && !sanitize)
        return refuse("stray", string, "nobody looks for stray accesses without sanitize=1",
                      "add sanitize=1, or leave stray out");

    SourceOptions options;
    options.name = string.name;
    options.size = *size;
    options.zone =
        string.mmz ? string.mmz->zones.front().name : string.zone.value_or(HeapString::defaultZone);
    options.prefault = string.prefault.value_or(false);
    options.cached = string.cached;
    options.line = string.line;
    options.evict = string.evict;
    Result<std::unique_ptr<Source>> source = openSource(kernel, string.source, options);
    if (!source)
        return std::move(source).error();
    const SourceTraits& traits = source.value()->traits();
    if (Result<void> fit = checkWishes(string, traits); !fit)
        return std::move(fit).error();

    // Two strings are the same heap when all of this agrees; people want to read only what they
    // would have to write.
    const uint64_t usualCache = std::min(defaultCache, *size / 4);
    HeapString effective = string;
    effective.size = *size;
    effective.zone = options.zone;
    effective.base = base;
    effective.cached = traits.cached;
    effective.contiguous = traits.contiguous;
    effective.requireDmabuf = traits.dmabuf;
    effective.cache = string.cache.value_or(usualCache);
    effective.prefault = options.prefault;
    effective.wait = string.wait.value_or(defaultWait);
    effective.sanitize = sanitize;
    effective.offer = string.offer.value_or(false);
    if (sanitize)
        effective.stray = string.stray.value_or(StrayPolicy::Abort);

    HeapString shown = effective;
    if (!traits.eitherCached || traits.cached)
        shown.cached.reset();
    shown.contiguous.reset();
    shown.requireDmabuf = false;
    if (base == 0 || string.mmz)
        shown.base.reset();
    if (string.mmz) {
        shown.size.reset();
        shown.zone.reset();
    }
    if (effective.cache == usualCache)
        shown.cache.reset();
    if (!options.prefault)
        shown.prefault.reset();
    if (effective.wait == defaultWait)
        shown.wait.reset();
    if (!sanitize)
        shown.sanitize.reset();
    if (!*effective.offer)
        shown.offer.reset();
    if (effective.stray == StrayPolicy::Abort)
        shown.stray.reset();

    if (traits.simulated) {
        effective.line = string.line.value_or(SimulatedSource::defaultLine);
        effective.evict = string.evict.value_or(SimulatedSource::defaultSeed);
    }

    return HeapOpening{std::move(source).value(), std::move(effective), shown.canonical()};
}

} // namespace mediaheap
