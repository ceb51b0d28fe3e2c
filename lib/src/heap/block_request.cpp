// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/block_request.h"

#include <algorithm>
#include <cerrno>
#include <linux/dma-buf.h>
#include <sys/ioctl.h> // the macros that headers of Linux before 5.15 leave to us

#include <mediaheap/heap.h>

#include "base/checked.h"
#include "base/error.h"
#include "heap/exhaustion.h"

#ifndef DMA_BUF_NAME_LEN // Linux 5.8's headers lack it
#define DMA_BUF_NAME_LEN 32
#endif

namespace mediaheap {

namespace {

constexpr size_t longestName = DMA_BUF_NAME_LEN - 1;

/// Cut where a UTF-8 character begins: half a character makes a report unreadable.
std::string cutName(const std::string& name) {
    if (name.size() <= longestName)
        return name;
    size_t end = longestName;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80)
        end--;
    return name.substr(0, end);
}

std::string describeMiss(const ZoneSet::Wish& wish) {
    std::string text = "there is no zone";
    if (!wish.zone.empty())
        text += " '" + wish.zone + "'";
    if (wish.gfp != 0)
        text += " with gfp " + std::to_string(wish.gfp);
    return text;
}

std::string listZones(const ZoneSet& zones) {
    std::string text = "the heap has";
    const char* separator = " ";
    for (const auto& zone : zones.zones()) {
        text += separator + ("'" + zone->name() + "' with gfp " + std::to_string(zone->gfp()));
        separator = ", ";
    }
    return text;
}

} // namespace

Result<BlockRequest> checkRequest(size_t size, const AllocOptions& options,
                                  const SourceTraits& traits, const ZoneSet& zones) {
    const uint64_t page = zones.page();
    const std::string step = "allocate " + std::to_string(size) + " bytes";
    if (size == 0)
        return makeError(EINVAL, step, "a block without memory", "ask for at least one byte");
    if (options.alignment != 0 && !isPowerOfTwo(options.alignment))
        return makeError(EINVAL, step,
                         "alignment " + std::to_string(options.alignment) + " is no power of two");
    const auto rounded = roundUp(size, static_cast<size_t>(page));
    if (!rounded)
        return makeError(EOVERFLOW, step, "no address space holds that many whole pages",
                         "check how the size was computed");
    const bool cached = options.cached.value_or(traits.cached);
    if (cached != traits.cached && !traits.eitherCached)
        return makeError(EOPNOTSUPP, step,
                         traits.cached ? "this source's CPU mappings are always cached"
                                       : "this source's CPU mappings are never cached",
                         "leave the wish out");
    if (options.contiguous && !traits.contiguous)
        return makeError(EOPNOTSUPP, step, "this source's memory is made of scattered pages",
                         "open a CMA heap such as dma-heap:default_cma_region");
    if (options.fromTop && !zones.areBounded())
        return makeError(EOPNOTSUPP, step,
                         "a place from the top: this heap's addresses are labels without an end",
                         "give the heap zones of its own with mmz=, or leave the wish out");
    if (*rounded <= zones.size() && *rounded > traits.largestBlock)
        return makeError(EINVAL, step,
                         "more than this source makes in one piece, " +
                             formatKib(traits.largestBlock),
                         traits.largestBlockLimit);
    BlockRequest request;
    request.size = *rounded;
    request.alignment = std::max<size_t>(options.alignment, page);
    request.name = cutName(options.name);
    request.client = options.client;
    request.zero = options.zero;
    request.cached = cached;
    request.manual = options.manualSync;
    request.where = {options.zone, options.gfp,
                     options.fromTop ? Zone::Order::FromTop : Zone::Order::BestFit};
    if (!zones.knows(request.where))
        return makeError(ENOENT, step, describeMiss(request.where), listZones(zones));
    return request;
}

} // namespace mediaheap
