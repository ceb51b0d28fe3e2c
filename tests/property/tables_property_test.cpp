// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Readers of a table believe nothing of it: whatever bytes are in the file, they come out as a
// sound content or as a reason. And what a reader takes for one moment of a table that somebody
// else is changing was one.
#include <cerrno>
#include <cstring>
#include <map>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "child_process.h"
#include "environment_variable.h"
#include "kernel/file_system.h"
#include "kernel/kernel.h"
#include "must.h"
#include "tables/heap_table.h"
#include "tables/runtime_directory.h"
#include "tables/table_reader.h"
#include "tables/table_scan.h"
#include "temporary_directory.h"

namespace mediaheap {
namespace {

using test::must;

class TablesProperty : public testing::Test {
protected:
    std::unique_ptr<HeapTable> create() {
        return must(HeapTable::create(Kernel::system(), FileSystem::system(), {"memfd,size=64M", 0},
                                      {{"a", 0, 0, 1 << 20}, {"b", 7, 1 << 20, 63 << 20}}));
    }

    const test::TemporaryDirectory temporary;
    const std::string directory = temporary.path() + "/run";
    const test::EnvironmentVariable variable{"MEDIAHEAP_RUNTIME_DIR", directory.c_str()};
};

std::string contents(const std::string& path) {
    std::string bytes(table::largestFile, '\0');
    FILE* const file = std::fopen(path.c_str(), "rb");
    bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
    std::fclose(file);
    return bytes;
}

/// What everybody who shows a content relies on.
void expectSound(const TableContent& content) {
    ASSERT_FALSE(content.zones.empty());
    ASSERT_LE(content.zones.size(), table::zoneCapacity);
    ASSERT_LE(content.blocks.size(), table::slotCapacity);
    ASSERT_GT(content.owner.pid, 0);
    for (const TableContent::Block& block : content.blocks) {
        ASSERT_LT(block.zone, content.zones.size());
        ASSERT_NE(block.size, 0u);
        ASSERT_GE(block.address + (block.size - 1), block.address);
        ASSERT_LT(block.name.size(), table::nameSize + 1);
        for (const char c : block.name)
            ASSERT_GE(static_cast<unsigned char>(c), ' ');
    }
}

TEST_F(TablesProperty, NoBytesMakeAReaderDoAnythingButRefuseOrUnderstand) {
    const auto table = create();
    for (uint64_t n = 0; n < 20; n++)
        table->enter(
            {static_cast<uint32_t>(n % 2), n * 4096, 4096, n, n, "block", table::SlotState::Live});
    const std::string sound = contents(directory + "/" + table->fileName());
    ASSERT_EQ(must(parseTable(sound, true)).blocks.size(), 20u);

    std::mt19937_64 random(20230815);
    unsigned understood = 0;
    unsigned refused = 0;
    for (int n = 0; n < 20000; n++) {
        std::string bytes = sound;
        // A few wild bytes or words, mostly in the header and the first records, or another length.
        const uint64_t kind = random() % 8;
        if (kind == 0)
            bytes.resize(random() % (table::largestFile + 2));
        for (uint64_t change = random() % 6; change > 0 && !bytes.empty(); change--) {
            const size_t limit = kind < 4 ? table::zonesOffset : bytes.size();
            const size_t at = random() % std::min(limit, bytes.size());
            static constexpr uint64_t words[] = {0, 1, 2, UINT32_MAX, UINT64_MAX, INT64_MAX};
            const uint64_t word = random() % 2 ? words[random() % 6] : random();
            const size_t size = size_t{1} << random() % 4;
            std::memcpy(&bytes[at], &word, std::min(size, bytes.size() - at));
        }
        const std::vector<bool> changing(random() % 40, random() % 2 != 0);
        const Result<TableContent> content = parseTable(bytes, random() % 2 != 0, changing);
        if (content) {
            understood++;
            expectSound(content.value());
        } else {
            refused++;
            ASSERT_NE(content.error().message(), "");
        }
        if (HasFatalFailure())
            return;
    }
    EXPECT_GT(understood, 1000u);
    EXPECT_GT(refused, 1000u);
}

TEST_F(TablesProperty, NoiseIsNoTable) {
    std::mt19937_64 random(4);
    for (int n = 0; n < 500; n++) {
        std::string bytes(random() % (table::largestFile + 1), '\0');
        for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {
            const uint64_t word = random();
            std::memcpy(&bytes[at], &word, 8);
        }
        ASSERT_FALSE(parseTable(bytes, true).ok());
    }
}

TEST_F(TablesProperty, EverySequenceOfChangesReadsAsTheModelHasIt) {
    std::mt19937_64 random(77);
    const auto table = create();
    struct Entered {
        HeapTable::Slot slot;
        HeapTable::BlockFacts facts;
    };
    std::map<uint64_t, Entered> model; // by address
    for (int step = 0; step < 4000; step++) {
        const uint64_t offset = random() % 2000 * 4096;
        const auto found = model.find(offset);
        if (found == model.end()) {
            HeapTable::BlockFacts facts;
            facts.zone = static_cast<uint32_t>(random() % 2);
            facts.address = offset;
            facts.size = 4096;
            facts.name = "block" + std::to_string(step);
            facts.state = table::SlotState::Pending;
            model[offset] = {table->enter(facts), facts};
        } else if (random() % 3 == 0) {
            found->second.facts.state = table::SlotState::Held;
            table->setState(found->second.slot, table::SlotState::Held);
        } else {
            table->leave(found->second.slot, found->second.facts.zone, 4096);
            model.erase(found);
        }
        if (step % 50 != 0)
            continue;
        const auto content = must(readTable(FileSystem::system(),
                                            must(RuntimeDirectory::open(FileSystem::system())).fd(),
                                            table->fileName()));
        ASSERT_TRUE(content.consistent);
        ASSERT_EQ(content.blocks.size() + content.unlistedBlocks, model.size());
        uint64_t used = 0;
        for (const TableContent::Zone& zone : content.zones)
            used += zone.used;
        ASSERT_EQ(used, model.size() * 4096);
        for (const TableContent::Block& block : content.blocks) {
            const auto same = model.find(block.address);
            ASSERT_NE(same, model.end());
            ASSERT_EQ(block.name, same->second.facts.name);
            ASSERT_EQ(block.zone, same->second.facts.zone);
            ASSERT_EQ(block.state, same->second.facts.state);
        }
    }
}

TEST_F(TablesProperty, ACopyOfOneMomentIsWhatTheTableWasThen) {
    // The writer keeps every block's fields in step, and all blocks of one generation: a copy that
    // mixes two moments shows.
    constexpr uint64_t blocks = 40;
    test::ChildProcess writer([this] {
        auto table = create();
        std::thread([held = table.get()] {
            std::mt19937_64 random(1);
            std::vector<HeapTable::Slot> slots(blocks, HeapTable::unlisted);
            std::vector<uint64_t> sizes(blocks, 0);
            for (uint64_t generation = 1;; generation++) {
                const uint64_t n = random() % blocks;
                if (sizes[n] != 0)
                    held->leave(slots[n], 0, sizes[n]);
                sizes[n] = generation % 1000 + 1;
                slots[n] = held->enter({0, sizes[n] << 20, sizes[n], sizes[n], sizes[n],
                                        std::to_string(sizes[n]), table::SlotState::Live});
                if (generation % 64 == 0)
                    std::this_thread::yield();
            }
        }).detach();
        return table;
    });
    const auto scan = scanTables(Kernel::system(), FileSystem::system(), {directory});
    ASSERT_EQ(scan.heaps.size(), 1u);
    const RuntimeDirectory at = must(RuntimeDirectory::open(FileSystem::system()));
    unsigned seen = 0;
    // At first the writer may not have come to run yet.
    for (int n = 0; n < 300 || seen <= 300; n++) {
        std::this_thread::yield();
        const auto content = must(readTable(FileSystem::system(), at.fd(), scan.heaps[0].file));
        uint64_t sum = 0;
        for (const TableContent::Block& block : content.blocks) {
            sum += block.size;
            ASSERT_EQ(block.address, block.size << 20);
            ASSERT_EQ(block.kvirt, block.size);
            ASSERT_EQ(block.flags, block.size);
            ASSERT_EQ(block.name, std::to_string(block.size));
        }
        seen += static_cast<unsigned>(content.blocks.size());
        if (content.consistent) {
            ASSERT_EQ(sum, content.zones[0].used);
            ASSERT_EQ(content.blocks.size(), content.zones[0].blocks);
        }
    }
    writer.kill();
    // Whatever it was doing when it was killed.
    const auto left = must(readTable(FileSystem::system(), at.fd(), scan.heaps[0].file));
    EXPECT_LE(left.tornBlocks, 1u);
    EXPECT_GE(left.blocks.size() + 1, left.zones[0].blocks);
    EXPECT_EQ(scanTables(Kernel::system(), FileSystem::system(), {directory}).heaps.at(0).state,
              OwnerState::Crashed);
}

} // namespace
} // namespace mediaheap
