// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ostream>

#include "show_output.h"
#include "tables/media_mem.h"

namespace mediaheap::tool {

namespace {

const char* plural(uint64_t count) { return count == 1 ? "" : "s"; }

void printNotes(std::ostream& out, const TableContent& heap) {
    if (heap.unlistedBlocks > 0)
        out << "# " << heap.unlistedBlocks << " block" << plural(heap.unlistedBlocks) << " with "
            << heap.unlistedBytes / 1024 << "KB more did not fit into the table of "
            << table::slotCapacity << " and are not listed\n";
    if (heap.unlistedZones > 0)
        out << "# " << heap.unlistedZones << " zone" << plural(heap.unlistedZones)
            << " more did not fit into the table of " << table::zoneCapacity << "\n";
    if (heap.tornBlocks > 0)
        out << "# " << heap.tornBlocks << " block" << plural(heap.tornBlocks)
            << " changed at this very moment and may be missing\n";
}

void printMachine(std::ostream& out, const Machine& machine) {
    const auto print = [&](const char* label, const std::optional<uint64_t>& value) {
        out << label;
        if (value)
            out << *value << "KB";
        else
            out << "none";
    };
    print("# machine: MemAvailable=", machine.memAvailable);
    print(", CmaTotal=", machine.cmaTotal);
    print(", CmaFree=", machine.cmaFree);
    out << "\n";
    if (!machine.mediaMem.empty())
        out << "\n# kernel: /proc/media-mem\n" << machine.mediaMem;
}

} // namespace

const char* name(OwnerState state) {
    switch (state) {
    case OwnerState::Live:
        return "live";
    case OwnerState::Crashed:
        return "crashed";
    case OwnerState::Unknown:
        break;
    }
    return "unknown";
}

const char* name(table::SlotState state) {
    switch (state) {
    case table::SlotState::Pending:
        return "pending";
    case table::SlotState::Held:
        return "held";
    case table::SlotState::Declared:
        return "system";
    case table::SlotState::Free:
    case table::SlotState::Live:
        break;
    }
    return "live";
}

std::string mediaMemOf(const ShownProcess& process) {
    std::vector<MediaMemZone> zones;
    for (const TableContent& heap : process.heaps) {
        const size_t first = zones.size();
        for (const TableContent::Zone& zone : heap.zones)
            zones.push_back(
                {zone.name, zone.gfp, zone.base, zone.size, {}, zone.used, zone.blocks});
        for (const TableContent::Block& block : heap.blocks)
            zones[first + block.zone].blocks.push_back(
                {block.address, block.size, block.kvirt, block.flags, block.name});
    }
    return mediaMemText(zones);
}

void printShownText(std::ostream& out, const Shown& shown) {
    for (const ShownProcess& process : shown.processes) {
        out << "# process " << process.owner.pid << " (" << process.owner.name << ")";
        if (process.state == OwnerState::Crashed)
            out << ", crashed: it ended without closing its heaps";
        if (process.state == OwnerState::Unknown)
            out << ", of which nobody here can tell whether it runs";
        out << "\n";
        for (const TableContent& heap : process.heaps)
            out << "# heap " << heap.heap << "\n";
        out << mediaMemOf(process);
        for (const TableContent& heap : process.heaps)
            printNotes(out, heap);
        out << "\n";
    }
    if (shown.processes.empty() && shown.asked.isEverybody()) {
        out << "# no process has a heap open";
        for (size_t n = 0; n < shown.directories.size(); n++)
            out << (n == 0 ? ", by what is in " : ", ") << shown.directories[n];
        out << "\n\n";
    }
    printMachine(out, shown.machine);
}

} // namespace mediaheap::tool
