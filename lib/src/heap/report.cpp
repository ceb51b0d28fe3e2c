// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/report.h"

#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "heap/block_state.h"

namespace mediaheap {

namespace {

__attribute__((format(printf, 2, 3))) void append(std::string& text, const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    char line[512];
    const int length = std::vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length > 0)
        text.append(line, std::min(static_cast<size_t>(length), sizeof line - 1));
}

using Json = nlohmann::ordered_json;

const char* stateOf(const Zone::Entry& entry) {
    if (entry.system)
        return "system";
    return entry.held ? "held" : entry.block ? "live" : "pending";
}

Json zoneJson(const Zone& zone) {
    Json blocks = Json::array();
    for (const auto& [offset, entry] : zone.entries()) {
        Json block;
        block["address"] = zone.addressOf(offset);
        block["length"] = entry.size;
        block["name"] = entry.name;
        block["state"] = stateOf(entry);
        block["accesses"] = entry.block ? entry.block->openAccesses() : 0;
        if (entry.block) {
            const SyncStats& syncs = entry.block->syncStats();
            block["syncs"] = syncs.issued.load();
            block["syncs_saved"] = syncs.saved.load();
            block["bytes_synced"] = syncs.bytes.load();
        }
        blocks.push_back(std::move(block));
    }

    Json json;
    json["name"] = zone.name();
    json["gfp"] = zone.gfp();
    json["base"] = zone.base();
    json["size"] = zone.size();
    json["used"] = zone.used();
    json["blocks"] = std::move(blocks);
    return json;
}

} // namespace

std::string reportText(const ZoneSet& zones) {
    std::string text;
    // HiSilicon's list has the last configured first, as it is searched.
    for (auto at = zones.zones().rbegin(); at != zones.zones().rend(); ++at) {
        const Zone* const zone = at->get();
        append(text,
               "+---ZONE: PHYS(0x%08" PRIX64 ", 0x%08" PRIX64 "), GFP=%" PRIu64 ", nBYTES=%" PRIu64
               "KB,    NAME=\"%s\"\n",
               zone->base(), zone->base() + zone->size() - 1, zone->gfp(), zone->size() / 1024,
               zone->name().c_str());
        for (const auto& [offset, entry] : zone->entries()) {
            const uint64_t first = zone->addressOf(offset);
            append(text,
                   "   |-MMB: phys(0x%08" PRIX64 ", 0x%08" PRIX64 "), kvirt=0x%08" PRIX64
                   ", flags=0x%08" PRIX32 ", length=%" PRIu64 "KB,    name=\"%s\"\n",
                   first, first + entry.size - 1, entry.kvirt, entry.flags, entry.size / 1024,
                   entry.name.empty() ? "<null>" : entry.name.c_str());
        }
    }

    const uint64_t total = zones.size() / 1024;
    const uint64_t used = zones.used() / 1024;
    const uint64_t remain = total - used;
    append(text,
           "\n---MMZ_USE_INFO:\n total size=%" PRIu64 "KB(%" PRIu64 "MB),used=%" PRIu64
           "KB(%" PRIu64 "MB + %" PRIu64 "KB),remain=%" PRIu64 "KB(%" PRIu64 "MB + %" PRIu64
           "KB),zone_number=%zu,block_number=%" PRIu64 "\n",
           total, total / 1024, used, used / 1024, used % 1024, remain, remain / 1024,
           remain % 1024, zones.zones().size(), zones.blocks());
    return text;
}

std::string reportJson(const std::string& description, const SourceTraits& traits,
                       const ZoneSet& zones, const Stats& stats) {
    Json zonesJson = Json::array();
    for (const auto& zone : zones.zones())
        zonesJson.push_back(zoneJson(*zone));

    Json report;
    report["heap"] = description;
    report["dmabuf"] = traits.dmabuf;
    report["contiguous"] = traits.contiguous;
    report["cached_mappings"] = traits.cached;
    report["addresses"] = "labels";
    report["size"] = stats.size;
    report["used"] = stats.used;
    report["peak"] = stats.peak;
    report["cached"] = stats.cached;
    report["held"] = stats.held;
    report["largest_free"] = stats.largestFree;
    report["allocations"] = stats.allocations;
    report["recycled"] = stats.recycled;
    report["failures"] = stats.failures;
    report["syncs"] = stats.syncs;
    report["syncs_saved"] = stats.syncsSaved;
    report["bytes_synced"] = stats.bytesSynced;
    report["stray_accesses"] = stats.strayAccesses;
    report["zones"] = std::move(zonesJson);
    // Names are the caller's bytes and need not be UTF-8; replacing is better than throwing.
    return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace mediaheap
