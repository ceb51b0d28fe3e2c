// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/publishing.h"

#include <atomic>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "kernel/file_system.h"

namespace mediaheap {

std::unique_ptr<HeapTable> openTable(Kernel& kernel, FileSystem& files,
                                     const std::string& description, const SourceTraits& traits,
                                     const ZoneSet& zones, bool offered) {
    if (RuntimeDirectory::path(files).empty())
        return nullptr;
    HeapTable::Facts facts;
    facts.heap = description;
    facts.flags = (traits.physical ? 0u : table::addressesAreLabels) |
                  (traits.dmabuf ? table::dmabuf : 0u) |
                  (traits.contiguous ? table::contiguous : 0u) | (offered ? table::offered : 0u);
    std::vector<HeapTable::ZoneFacts> zoneFacts;
    for (auto zone = zones.zones().rbegin(); zone != zones.zones().rend(); ++zone)
        zoneFacts.push_back({(*zone)->name(), (*zone)->gfp(), (*zone)->base(), (*zone)->size()});
    Result<std::unique_ptr<HeapTable>> table = HeapTable::create(kernel, files, facts, zoneFacts);
    if (table)
        return std::move(table).value();
    static std::atomic<bool> said{false};
    if (!said.exchange(true))
        log(LogLevel::Warning,
            "`mediaheap show` will not see the heaps of this process: " + table.error().message());
    return nullptr;
}

std::unique_ptr<HeapOffer> openOffer(Kernel& kernel, FileSystem& files, const HeapTable* table,
                                     HeapOffer::Handler handler) {
    Error error;
    if (!table) {
        error =
            makeError(ENOENT, "offer the heap", "it has no table in which others could find it");
    } else {
        Result<std::unique_ptr<HeapOffer>> offer =
            HeapOffer::make(kernel, files, table->number(), std::move(handler));
        if (offer)
            return std::move(offer).value();
        error = std::move(offer).error();
    }
    log(LogLevel::Warning, "offer=1: nobody can ask for this heap's memory: " + error.message());
    return nullptr;
}

} // namespace mediaheap
