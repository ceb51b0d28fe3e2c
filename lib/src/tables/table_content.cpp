// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tables/table_content.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>

#include "base/checked.h"
#include "base/error.h"

namespace mediaheap {

using namespace table;

namespace {

Error damaged(const std::string& cause) {
    return makeError(EUCLEAN, "read a table", cause,
                     "`mediaheap show --sweep` removes it when its "
                     "process has ended");
}

template <size_t size> std::string textOf(const char (&field)[size]) {
    std::string text(field, strnlen(field, size));
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
            c = '?';
    }
    return text;
}

template <typename T> T recordAt(std::string_view bytes, size_t offset) {
    T record;
    std::memcpy(&record, bytes.data() + offset, sizeof record);
    return record;
}

Result<void> checkHeader(const TableHeader& header, size_t size) {
    static constexpr char unmade[sizeof magic] = {};
    if (std::memcmp(header.magic, unmade, sizeof magic) == 0)
        return makeError(EAGAIN, "read a table", "it is being made");
    if (std::memcmp(header.magic, magic, sizeof magic) != 0)
        return damaged("it does not begin as a table does");
    if (header.byteOrder == __builtin_bswap32(byteOrder))
        return makeError(EPROTO, "read a table", "a machine of the other byte order wrote it");
    if (header.byteOrder != byteOrder)
        return damaged("its byte order is none");
    if (header.version != version)
        return makeError(EPROTO, "read a table",
                         "it has version " + std::to_string(header.version) +
                             " of the format, this program knows version " +
                             std::to_string(version),
                         "read it with the `mediaheap` of the same release");
    if (header.headerSize != sizeof(TableHeader) || header.zoneSize != sizeof(ZoneRecord) ||
        header.slotSize != sizeof(SlotRecord) || header.slotCapacity != slotCapacity)
        return damaged("its records have other sizes than this version's");
    if (header.zoneCount == 0 || header.zoneCount > zoneCapacity)
        return damaged("it has " + std::to_string(header.zoneCount) + " zones");
    if (header.slotsUsed > slotCapacity ||
        slotsOffset + header.slotsUsed * sizeof(SlotRecord) > size)
        return damaged("it ends before its block " + std::to_string(header.slotsUsed));
    if (header.pid <= 0)
        return damaged("its owner has no process number");
    return {};
}

Result<TableContent::Zone> zoneOf(const ZoneRecord& record, uint32_t number) {
    const std::string which = "zone " + std::to_string(number);
    if (record.size == 0 || !checkedAdd(record.base, record.size - 1))
        return damaged(which + " is empty, or ends beyond the address space");
    TableContent::Zone zone;
    zone.name = textOf(record.name);
    zone.gfp = record.gfp;
    zone.base = record.base;
    zone.size = record.size;
    zone.used = record.used;
    zone.blocks = record.blocks;
    zone.peak = record.peak;
    return zone;
}

Result<TableContent::Block> blockOf(const SlotRecord& record, uint32_t number, uint32_t zones) {
    const std::string which = "block " + std::to_string(number);
    if (record.state > static_cast<uint32_t>(SlotState::Declared))
        return damaged(which + " is in no known state");
    if (record.zone >= zones)
        return damaged(which + " lies in no zone");
    if (record.size == 0 || !checkedAdd(record.address, record.size - 1))
        return damaged(which + " is empty, or ends beyond the address space");
    TableContent::Block block;
    block.zone = record.zone;
    block.address = record.address;
    block.size = record.size;
    block.kvirt = record.kvirt;
    block.flags = record.flags;
    block.accesses = record.accesses;
    block.name = textOf(record.name);
    block.state = static_cast<SlotState>(record.state);
    return block;
}

} // namespace

Result<TableContent> parseTable(std::string_view bytes, bool steady,
                                const std::vector<bool>& changing) {
    if (bytes.size() < slotsOffset || bytes.size() > largestFile)
        return bytes.empty()
                   ? makeError(EAGAIN, "read a table", "it is being made")
                   : damaged("no table is " + std::to_string(bytes.size()) + " bytes long");
    const auto header = recordAt<TableHeader>(bytes, 0);
    if (Result<void> sound = checkHeader(header, bytes.size()); !sound)
        return std::move(sound).error();

    TableContent content;
    content.owner.pid = header.pid;
    content.owner.startTime = header.startTime;
    content.owner.name = textOf(header.process);
    content.pidNamespace = header.pidNamespace;
    content.number = header.number;
    content.flags = header.flags;
    content.wordBits = header.wordBits;
    content.pageSize = header.pageSize;
    content.created = header.created;
    content.heap = textOf(header.heap);
    content.unlistedBlocks = header.unlistedBlocks;
    content.unlistedBytes = header.unlistedBytes;
    content.unlistedZones = header.zonesUnlisted;
    content.consistent = steady;
    for (uint32_t n = 0; n < header.zoneCount; n++) {
        Result<TableContent::Zone> zone =
            zoneOf(recordAt<ZoneRecord>(bytes, zonesOffset + n * sizeof(ZoneRecord)), n);
        if (!zone)
            return std::move(zone).error();
        content.zones.push_back(std::move(zone).value());
    }
    for (uint32_t n = 0; n < header.slotsUsed; n++) {
        const auto record = recordAt<SlotRecord>(bytes, slotsOffset + n * sizeof(SlotRecord));
        if (!steady && (record.sequence % 2 != 0 || (n < changing.size() && changing[n]))) {
            content.tornBlocks++;
            continue;
        }
        if (record.state == static_cast<uint32_t>(SlotState::Free))
            continue;
        Result<TableContent::Block> block = blockOf(record, n, header.zoneCount);
        if (!block)
            return std::move(block).error();
        content.blocks.push_back(std::move(block).value());
    }
    std::sort(content.blocks.begin(), content.blocks.end(), [](const auto& a, const auto& b) {
        return std::tie(a.zone, a.address) < std::tie(b.zone, b.address);
    });
    return content;
}

} // namespace mediaheap
