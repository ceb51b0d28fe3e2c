// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the owner of a table does, and what others then read.
#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "child_process.h"
#include "tables_test.h"

namespace mediaheap {
namespace {

using table::SlotState;
using test::Call;
using test::ChildProcess;
using test::must;
using test::TablesTest;
using testing::IsEmpty;
using testing::SizeIs;

class HeapTableTest : public TablesTest {};

TEST_F(HeapTableTest, TellsWhoseItIs) {
    const auto table = create("memfd,size=64M,zone=camera");
    const SharedHeap heap = onlyHeap();
    EXPECT_EQ(heap.state, OwnerState::Live);
    EXPECT_EQ(heap.content.owner.pid, ::getpid());
    EXPECT_EQ(heap.content.owner.name, must(identify(faults, ::getpid())).name);
    EXPECT_EQ(heap.content.heap, "memfd,size=64M,zone=camera");
    EXPECT_EQ(heap.content.flags, table::addressesAreLabels);
    EXPECT_EQ(heap.content.number, table->number());
    ASSERT_THAT(heap.content.zones, SizeIs(1));
    EXPECT_EQ(heap.content.zones[0].base, 0x44000000u);
    EXPECT_EQ(heap.content.zones[0].size, 64u << 20);
    EXPECT_THAT(heap.content.blocks, IsEmpty());
}

TEST_F(HeapTableTest, ListsBlocksByAddress) {
    const auto table = create();
    table->enter(block(1 << 20, 4096, "second"));
    HeapTable::BlockFacts first = block(0, 1 << 20, "first");
    first.kvirt = 0xc4b98000;
    first.flags = 3;
    first.state = SlotState::Declared;
    table->enter(first);
    const TableContent content = onlyHeap().content;
    ASSERT_THAT(content.blocks, SizeIs(2));
    EXPECT_EQ(content.blocks[0].name, "first");
    EXPECT_EQ(content.blocks[0].address, 0x44000000u);
    EXPECT_EQ(content.blocks[0].kvirt, 0xc4b98000u);
    EXPECT_EQ(content.blocks[0].flags, 3u);
    EXPECT_EQ(content.blocks[0].state, SlotState::Declared);
    EXPECT_EQ(content.blocks[1].name, "second");
    EXPECT_EQ(content.zones[0].used, (1u << 20) + 4096);
    EXPECT_EQ(content.zones[0].blocks, 2u);
}

TEST_F(HeapTableTest, FollowsABlockThroughItsLife) {
    const auto table = create();
    HeapTable::BlockFacts facts = block(0, 4096, "frame");
    facts.state = SlotState::Pending;
    const HeapTable::Slot slot = table->enter(facts);
    EXPECT_EQ(onlyHeap().content.blocks.at(0).state, SlotState::Pending);
    table->setState(slot, SlotState::Live);
    table->countAccess(slot, 1);
    table->countAccess(slot, 1);
    table->countAccess(slot, -1);
    EXPECT_EQ(onlyHeap().content.blocks.at(0).state, SlotState::Live);
    EXPECT_EQ(onlyHeap().content.blocks.at(0).accesses, 1u);
    table->setState(slot, SlotState::Held);
    EXPECT_EQ(onlyHeap().content.blocks.at(0).state, SlotState::Held);
    table->leave(slot, 0, 4096);
    const TableContent content = onlyHeap().content;
    EXPECT_THAT(content.blocks, IsEmpty());
    EXPECT_EQ(content.zones[0].used, 0u);
    EXPECT_EQ(content.zones[0].blocks, 0u);
    EXPECT_EQ(content.zones[0].peak, 4096u);
}

TEST_F(HeapTableTest, ReusesTheLowestPlaceAndLeavesNothingOfWhoHadIt) {
    const auto table = create();
    const auto first = table->enter(block(0, 4096, "a name of quite some length...."));
    table->enter(block(4096, 4096, "second"));
    table->countAccess(first, 1);
    table->leave(first, 0, 4096);
    EXPECT_EQ(table->enter(block(8192, 4096, "x")), first);
    const TableContent content = onlyHeap().content;
    ASSERT_THAT(content.blocks, SizeIs(2));
    EXPECT_EQ(content.blocks[1].name, "x");
    EXPECT_EQ(content.blocks[1].accesses, 0u);
}

TEST_F(HeapTableTest, CutsWhatIsLongerThanItsField) {
    const auto table = create(std::string(600, 'h'));
    table->enter(block(0, 4096, std::string(40, 'n')));
    const TableContent content = onlyHeap().content;
    EXPECT_EQ(content.heap, std::string(table::heapSize - 1, 'h'));
    EXPECT_EQ(content.blocks.at(0).name, std::string(table::nameSize - 1, 'n'));
}

TEST_F(HeapTableTest, CountsTheBlocksThatDoNotFit) {
    const auto table = create();
    std::vector<HeapTable::Slot> slots;
    for (uint64_t n = 0; n < table::slotCapacity + 3; n++)
        slots.push_back(table->enter(block(n * 4096, 4096, "many")));
    EXPECT_EQ(slots.back(), HeapTable::unlisted);
    TableContent content = onlyHeap().content;
    EXPECT_THAT(content.blocks, SizeIs(table::slotCapacity));
    EXPECT_EQ(content.unlistedBlocks, 3u);
    EXPECT_EQ(content.unlistedBytes, 3u * 4096);
    EXPECT_EQ(content.zones[0].blocks, table::slotCapacity + 3u);
    EXPECT_EQ(content.zones[0].used, (table::slotCapacity + 3u) * 4096);

    for (const HeapTable::Slot slot : slots)
        table->leave(slot, 0, 4096);
    content = onlyHeap().content;
    EXPECT_EQ(content.unlistedBlocks, 0u);
    EXPECT_EQ(content.unlistedBytes, 0u);
    EXPECT_EQ(content.zones[0].used, 0u);
    EXPECT_NE(table->enter(block(0, 4096, "again")), HeapTable::unlisted);
}

TEST_F(HeapTableTest, CountsTheZonesThatDoNotFit) {
    std::vector<HeapTable::ZoneFacts> zones(table::zoneCapacity + 2, {"zone", 0, 0, 4096});
    const auto table = must(HeapTable::create(faults, files, {"memfd", 0}, zones));
    HeapTable::BlockFacts outside = block(0, 4096, "outside");
    outside.zone = table::zoneCapacity;
    EXPECT_EQ(table->enter(outside), HeapTable::unlisted);
    const TableContent content = onlyHeap().content;
    EXPECT_THAT(content.zones, SizeIs(table::zoneCapacity));
    EXPECT_EQ(content.unlistedZones, 2u);
    EXPECT_EQ(content.unlistedBlocks, 1u);
    table->leave(HeapTable::unlisted, outside.zone, 4096);
    EXPECT_EQ(onlyHeap().content.unlistedBlocks, 0u);
}

TEST_F(HeapTableTest, MakesNoSystemCallForABlock) {
    const auto table = create();
    faults.resetCounts();
    const uint64_t before = files.calls();
    for (int n = 0; n < 1000; n++) {
        const auto slot = table->enter(block(0, 4096, "frame"));
        table->setState(slot, SlotState::Live);
        table->countAccess(slot, 1);
        table->countAccess(slot, -1);
        table->leave(slot, 0, 4096);
    }
    EXPECT_EQ(faults.calls() + files.calls() - before, 0u);
}

TEST_F(HeapTableTest, ListsNoMoreThanThereIsRoomForOnTheDisk) {
    const auto table = create();
    faults.failFrom(Call::AllocateRange, 1, ENOSPC);
    for (uint64_t n = 0; n < table::slotsPerStep + 2; n++)
        table->enter(block(n * 4096, 4096, "frame"));
    EXPECT_THAT(onlyHeap().content.blocks, SizeIs(table::slotsPerStep));
    EXPECT_EQ(onlyHeap().content.unlistedBlocks, 2u);
    faults.clearFaults();
    EXPECT_EQ(table->enter(block(1 << 20, 4096, "later")), table::slotsPerStep);
}

TEST_F(HeapTableTest, IsForItsOwnersEyesAlone) {
    const mode_t before = ::umask(0);
    const auto table = create();
    ::umask(before);
    struct ::stat status {};
    ASSERT_EQ(::stat((directory + "/" + table->fileName()).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(HeapTableTest, GoesWithItsHeap) {
    create().reset();
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(HeapTableTest, KeepsTheHeapsOfAProcessApart) {
    const auto first = create("memfd,zone=a");
    const auto second = create("memfd,zone=b");
    const TableScan found = scan();
    ASSERT_THAT(found.heaps, SizeIs(2));
    EXPECT_EQ(found.heaps[0].content.heap, "memfd,zone=a");
    EXPECT_EQ(found.heaps[1].content.heap, "memfd,zone=b");
}

TEST_F(HeapTableTest, OutlivesAProcessThatIsKilled) {
    ChildProcess child([this] {
        auto table = create();
        table->enter(block(0, 1 << 20, "preview"));
        return table;
    });
    EXPECT_EQ(onlyHeap().state, OwnerState::Live);
    child.killOnly();
    EXPECT_EQ(onlyHeap().state, OwnerState::Crashed) << "it is dead, though nobody has asked";
    child.reap();
    const SharedHeap heap = onlyHeap();
    EXPECT_EQ(heap.state, OwnerState::Crashed);
    EXPECT_EQ(heap.content.blocks.at(0).name, "preview");
    EXPECT_EQ(heap.content.zones[0].used, 1u << 20);
}

TEST_F(HeapTableTest, OutlivesNoProcessThatEndsInOrder) {
    ChildProcess child([this] { return create(); });
    EXPECT_EQ(onlyHeap().state, OwnerState::Live);
    child.finish();
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(HeapTableTest, IsNotAForkedChildsToWrite) {
    auto table = create();
    const auto slot = table->enter(block(0, 4096, "parents"));
    {
        ChildProcess child([&] {
            EXPECT_EQ(table->enter(block(4096, 4096, "childs")), HeapTable::unlisted);
            table->setState(slot, SlotState::Held);
            table->countAccess(slot, 1);
            table->leave(slot, 0, 4096);
            table.reset();
            return 0;
        });
        child.finish();
    }
    const TableContent content = onlyHeap().content;
    ASSERT_THAT(content.blocks, SizeIs(1));
    EXPECT_EQ(content.blocks[0].name, "parents");
    EXPECT_EQ(content.blocks[0].state, SlotState::Live);
    EXPECT_EQ(content.blocks[0].accesses, 0u);
    EXPECT_EQ(content.owner.pid, ::getpid());
}

TEST_F(HeapTableTest, IsMadeByAForkedChildForItsOwnHeaps) {
    const auto table = create("memfd,zone=parent");
    ChildProcess child([this] { return create("memfd,zone=child"); });
    const TableScan found = scan();
    ASSERT_THAT(found.heaps, SizeIs(2));
    for (const SharedHeap& heap : found.heaps)
        EXPECT_EQ(heap.content.owner.pid,
                  heap.content.heap == "memfd,zone=child" ? child.pid() : ::getpid());
    child.finish();
    EXPECT_EQ(onlyHeap().content.heap, "memfd,zone=parent");
}

// ---- Every system call fails once.

TEST_F(HeapTableTest, FailsWithAReasonAndLeavesNothingWhereTheKernelFails) {
    unsigned failures = 0;
    for (uint64_t ordinal = 1;; ordinal++) {
        faults.failNth(ordinal, EIO);
        auto table = tryCreate();
        const std::string fired = faults.fired();
        faults.clearFaults();
        if (table) {
            table.value()->enter(block(0, 4096, "frame"));
            EXPECT_EQ(onlyHeap().content.blocks.size(), 1u);
            table.value().reset();
        } else {
            failures++;
            EXPECT_NE(table.error().step, "");
        }
        EXPECT_THAT(names(), IsEmpty()) << fired;
        if (fired.empty())
            break;
    }
    EXPECT_GE(failures, 3u) << "the process, the room, the mapping";
}

TEST_F(HeapTableTest, FailsWithAReasonAndLeavesNothingWhereTheFileSystemFails) {
    unsigned failures = 0;
    for (uint64_t ordinal = 1;; ordinal++) {
        files.failNth(ordinal, EIO);
        auto table = tryCreate();
        if (!table) {
            failures++;
            EXPECT_NE(table.error().step, "");
        } else {
            table.value().reset();
        }
        const std::string fired = files.fired();
        if (fired.empty())
            break;
        if (fired != "removeAt") {
            EXPECT_THAT(names(), IsEmpty()) << fired;
        }
        for (const std::string& name : names())
            ::unlink((directory + "/" + name).c_str());
    }
    EXPECT_GE(failures, 4u) << "the directory made, opened and looked at, the file opened";
}

} // namespace
} // namespace mediaheap
