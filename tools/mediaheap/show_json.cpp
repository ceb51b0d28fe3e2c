// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>
#include <ostream>

#include "show_output.h"

namespace mediaheap::tool {

namespace {

using Json = nlohmann::ordered_json;

Json blockJson(const TableContent::Block& block) {
    Json json;
    json["address"] = block.address;
    json["length"] = block.size;
    json["name"] = block.name;
    json["state"] = name(block.state);
    json["accesses"] = block.accesses;
    json["kvirt"] = block.kvirt;
    json["flags"] = block.flags;
    return json;
}

Json heapJson(const TableContent& heap) {
    Json zones = Json::array();
    for (uint32_t n = 0; n < heap.zones.size(); n++) {
        const TableContent::Zone& zone = heap.zones[n];
        Json json;
        json["name"] = zone.name;
        json["gfp"] = zone.gfp;
        json["base"] = zone.base;
        json["size"] = zone.size;
        json["used"] = zone.used;
        json["peak"] = zone.peak;
        json["block_number"] = zone.blocks;
        json["blocks"] = Json::array();
        for (const TableContent::Block& block : heap.blocks) {
            if (block.zone == n)
                json["blocks"].push_back(blockJson(block));
        }
        zones.push_back(std::move(json));
    }
    Json json;
    json["heap"] = heap.heap;
    json["dmabuf"] = (heap.flags & table::dmabuf) != 0;
    json["contiguous"] = (heap.flags & table::contiguous) != 0;
    json["addresses"] = (heap.flags & table::addressesAreLabels) != 0 ? "labels" : "physical";
    json["offered"] = (heap.flags & table::offered) != 0;
    json["opened"] = heap.created;
    json["unlisted_blocks"] = heap.unlistedBlocks;
    json["unlisted_bytes"] = heap.unlistedBytes;
    json["unlisted_zones"] = heap.unlistedZones;
    json["changing_blocks"] = heap.tornBlocks;
    json["consistent"] = heap.consistent;
    json["zones"] = std::move(zones);
    return json;
}

Json orNull(const std::optional<uint64_t>& value) { return value ? Json(*value) : Json(); }

} // namespace

void printShownJson(std::ostream& out, const Shown& shown) {
    Json processes = Json::array();
    for (const ShownProcess& process : shown.processes) {
        Json json;
        json["pid"] = process.owner.pid;
        json["start_time"] = process.owner.startTime;
        json["name"] = process.owner.name;
        json["state"] = name(process.state);
        json["heaps"] = Json::array();
        for (const TableContent& heap : process.heaps)
            json["heaps"].push_back(heapJson(heap));
        processes.push_back(std::move(json));
    }
    Json unreadable = Json::array();
    for (const UnreadableTable& one : shown.unreadable)
        unreadable.push_back({{"path", one.path}, {"reason", one.reason}});

    Json machine;
    machine["mem_available_kb"] = orNull(shown.machine.memAvailable);
    machine["cma_total_kb"] = orNull(shown.machine.cmaTotal);
    machine["cma_free_kb"] = orNull(shown.machine.cmaFree);
    machine["media_mem"] = shown.machine.mediaMem.empty() ? Json() : Json(shown.machine.mediaMem);

    Json document;
    document["processes"] = std::move(processes);
    document["unreadable"] = std::move(unreadable);
    document["directories"] = shown.directories;
    document["machine"] = std::move(machine);
    // Names are the callers' bytes and need not be UTF-8.
    out << document.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

} // namespace mediaheap::tool
