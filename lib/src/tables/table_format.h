// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How a table lies in its file. All numbers have fixed widths and the byte order of the machine;
// the beginning says which, and which version this is. A change of anything here is a new version.
//
//     0     TableHeader
//     1024  ZoneRecord[zoneCapacity]
//     4096  SlotRecord[slotCapacity], of which the file has as many as were needed so far
//
// One writer, the owner; readers in other processes, at any time, also after its death.
//
// TableHeader::sequence is odd while the owner changes the table. A copy between two equal even
// values is what the table was at one moment. SlotRecord::sequence is the same for one slot: it
// says which of them was half written when its owner died, and what can be believed of a table that
// changes faster than it can be copied. SlotRecord::accesses alone changes without either.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mediaheap {

namespace table {

constexpr char magic[8] = {'M', 'H', 'T', 'A', 'B', 'L', 'E', '\0'};
constexpr uint32_t version = 1;
constexpr uint32_t byteOrder = 0x01020304;

constexpr uint32_t zoneCapacity = 32;
/// More blocks than this are counted, and not listed.
constexpr uint32_t slotCapacity = 1024;
/// The file grows by so many slots at a time: one system call for each of these steps.
constexpr uint32_t slotsPerStep = 32;

constexpr size_t nameSize = 32; ///< with its NUL: DMA_BUF_NAME_LEN, and HiSilicon's mmz_name
constexpr size_t heapSize = 512;
constexpr size_t processNameSize = 16; ///< TASK_COMM_LEN

enum HeapFlags : uint32_t {
    dmabuf = 1,
    contiguous = 2,
    addressesAreLabels = 4,
    offered = 8, ///< the owner listens to trim and destroy
};

enum class SlotState : uint32_t {
    Free = 0,
    Pending = 1,  ///< being made
    Live = 2,     ///< somebody has it
    Held = 3,     ///< given back, but an importer still has it
    Declared = 4, ///< the system's own, named in the heap string
};

struct SlotRecord {
    uint32_t sequence;
    uint32_t state; ///< a SlotState
    uint32_t zone;  ///< its number in the table
    uint32_t accesses;
    uint64_t address;
    uint64_t size;
    uint64_t kvirt;
    uint64_t flags;
    char name[nameSize];
    uint64_t reserved[6];
};
static_assert(sizeof(SlotRecord) == 128);

struct ZoneRecord {
    char name[nameSize];
    uint64_t gfp;
    uint64_t base;
    uint64_t size;
    uint64_t used;   ///< bytes, of the blocks that are not listed too
    uint64_t blocks; ///< those that are not listed too
    uint64_t peak;
    uint64_t reserved[2];
};
static_assert(sizeof(ZoneRecord) == 96);

struct TableHeader {
    char magic[8]; ///< written last
    uint32_t version;
    uint32_t byteOrder;
    uint32_t wordBits; ///< of the owner's pointers; for people
    uint32_t headerSize;
    uint32_t zoneSize;
    uint32_t slotSize;
    uint32_t slotCapacity;
    uint32_t zoneCount;
    uint64_t pageSize;

    int64_t pid;           ///< as its owner sees it
    uint64_t startTime;    ///< field 22 of /proc/PID/stat
    uint64_t pidNamespace; ///< the inode of /proc/PID/ns/pid; 0 unknown
    uint32_t number;       ///< of the heap in its process
    uint32_t flags;        ///< HeapFlags
    int64_t created;       ///< seconds since 1970

    uint32_t sequence;
    uint32_t slotsUsed; ///< those beyond have never been used
    uint64_t unlistedBlocks;
    uint64_t unlistedBytes;
    uint32_t zonesUnlisted; ///< zones beyond zoneCapacity
    uint32_t reserved1;

    char process[processNameSize];
    char heap[heapSize]; ///< the heap string in canonical form, cut where it is longer
    uint64_t reserved[47];
};
static_assert(sizeof(TableHeader) == 1024);

constexpr size_t zonesOffset = sizeof(TableHeader);
constexpr size_t slotsOffset = zonesOffset + zoneCapacity * sizeof(ZoneRecord);
static_assert(slotsOffset == 4096);
constexpr size_t largestFile = slotsOffset + slotCapacity * sizeof(SlotRecord);

} // namespace table

} // namespace mediaheap
