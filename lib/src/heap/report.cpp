// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/report.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "heap/block_state.h"
#include "tables/media_mem.h"

namespace mediaheap {

namespace {

using Json = nlohmann::ordered_json;

/// The block's own where the source knows it, else its place in the zone.
uint64_t addressOf(const Zone& zone, uint64_t offset, const Zone::Entry& entry) {
    return entry.block ? entry.block->address() : zone.addressOf(offset);
}

const char* stateOf(const Zone::Entry& entry) {
    if (entry.system)
        return "system";
    return entry.held ? "held" : entry.block ? "live" : "pending";
}

Json zoneJson(const Zone& zone) {
    Json blocks = Json::array();
    for (const auto& [offset, entry] : zone.entries()) {
        Json block;
        block["address"] = addressOf(zone, offset, entry);
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
    // HiSilicon's list has the last configured first, as it is searched.
    std::vector<MediaMemZone> lines;
    for (auto at = zones.zones().rbegin(); at != zones.zones().rend(); ++at) {
        const Zone* const zone = at->get();
        MediaMemZone line{zone->name(), zone->gfp(),  zone->base(),          zone->size(),
                          {},           zone->used(), zone->entries().size()};
        for (const auto& [offset, entry] : zone->entries())
            line.blocks.push_back({addressOf(*zone, offset, entry), entry.size, entry.kvirt,
                                   entry.flags, entry.name});
        lines.push_back(std::move(line));
    }
    return mediaMemText(lines);
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
    report["addresses"] = traits.physical ? "physical" : "labels";
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
