// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Half a million operations on a heap beside a naive model: a list of blocks, and the page
// allocator's rules tried page by page. Clients fill their blocks, importers come, outlive blocks
// and go; nobody may ever see or disturb another's memory.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <mediaheap/simulated/device.h>

#include "heap_test.h"
#include "property.h"

namespace mediaheap {
namespace {

using test::FakeImporter;
using test::FakeKernel;
using test::HeapTest;
using test::must;
using test::propertyOperations;
using test::Random;

struct Shape {
    const char* source;
    uint64_t pages;
    uint64_t base;
    const char* keys;
    uint64_t operations;
    uint64_t seed;
};

void PrintTo(const Shape& shape, std::ostream* out) {
    *out << shape.source << " of " << shape.pages << " pages" << shape.keys << ", seed "
         << shape.seed;
}

/// Hardware, or for memfd another process, that reaches a block's memory.
struct Importer {
    FakeImporter device;
    uint64_t block = 0;          ///< the model's number of the block
    std::optional<uint8_t> left; ///< what the memory held when the block was freed under it
};

struct LiveBlock {
    Block block;
    uint64_t number = 0;
    uint64_t client = 0;
    uint8_t contents = 0;
    bool exported = false;
    std::vector<Mapping> mappings;
};

struct HeldBlock {
    uint64_t number = 0;
    uint64_t address = 0;
    uint64_t size = 0;
};

class HeapProperty : public HeapTest, public testing::WithParamInterface<Shape> {
protected:
    HeapProperty() {
        fake.addUdmabuf();
        fake.addDmaHeap("system");
        heap = test::must(Heap::open(shape.source + std::string(",size=") +
                                     std::to_string(shape.pages * page) + shape.keys));
        faults.resetCounts();
        places = std::string(shape.source) == "udmabuf";
    }

    // ---- The model.

    uint64_t used() const {
        uint64_t bytes = 0;
        for (const LiveBlock& live : lives)
            bytes += live.block.size();
        for (const HeldBlock& held : helds)
            bytes += held.size;
        return bytes;
    }

    bool isTaken(uint64_t address) const {
        const auto within = [address](uint64_t first, uint64_t size) {
            return address >= first && address - first < size;
        };
        return std::any_of(lives.begin(), lives.end(),
                           [&](const LiveBlock& live) {
                               return within(live.block.address(), live.block.size());
                           }) ||
               std::any_of(helds.begin(), helds.end(),
                           [&](const HeldBlock& held) { return within(held.address, held.size); });
    }

    /// Where a block must go where the source places: the smallest gap, the lowest of its size.
    std::optional<uint64_t> bestFit(uint64_t pages) const {
        std::vector<bool> taken(shape.pages);
        for (uint64_t n = 0; n < shape.pages; ++n)
            taken[n] = isTaken(shape.base + n * page);
        std::optional<uint64_t> best;
        uint64_t bestLength = 0;
        for (uint64_t start = 0; start < shape.pages; ++start) {
            uint64_t length = 0;
            while (start + length < shape.pages && !taken[start + length])
                ++length;
            if (length >= pages && (!best || length < bestLength)) {
                best = shape.base + start * page;
                bestLength = length;
            }
            start += length;
        }
        return best;
    }

    // ---- The steps.

    void step() {
        const uint64_t choice = random.below(100);
        if (choice < 30)
            allocateOne();
        else if (choice < 55)
            freeOne();
        else if (choice < 67)
            importOne();
        else if (choice < 79)
            detachOne();
        else if (choice < 89)
            openAccess();
        else if (choice < 98)
            closeAccess();
        else
            trim();
    }

    void allocateOne() {
        AllocOptions options;
        options.client = clients[random.below(clients.size())];
        options.zero = random.chance(1, 8);
        options.name = random.chance(1, 2) ? "client" + std::to_string(options.client) : "";
        const uint64_t pages = random.between(1, 12);
        const std::optional<uint64_t> place = bestFit(pages);
        const bool fits = pages * page <= shape.pages * page - used() && (!places || place);

        Result<Block> block = heap->allocate(pages * page - random.below(page), options);
        ASSERT_EQ(block.ok(), fits) << (block ? "beyond the budget" : block.error().message());
        if (!block) {
            ASSERT_EQ(block.error().code, ENOMEM);
            ++failures;
            return;
        }
        ++allocations;
        LiveBlock live;
        live.block = std::move(block).value();
        ASSERT_EQ(live.block.size(), pages * page);
        ASSERT_FALSE(isTaken(live.block.address())) << "handed out twice";
        if (places) {
            ASSERT_EQ(live.block.address(), *place);
        }
        for (const LiveBlock& other : lives)
            ASSERT_NE(FakeKernel::identityOf(live.block.fd()),
                      FakeKernel::identityOf(other.block.fd()));

        const uint8_t first = firstByte(live.block);
        const bool own = options.client != 0 && !options.zero && first == markOf(options.client);
        ASSERT_TRUE(first == 0 || own) << "client " << options.client << " sees " << int(first);
        ASSERT_TRUE(isFilledWith(live.block, first)) << "a mixture of clients' memory";
        live.number = ++lastNumber;
        live.client = options.client;
        live.contents = markOf(options.client);
        fill(live.block, live.contents);
        lives.push_back(std::move(live));
        peak = std::max(peak, used());
    }

    void freeOne() {
        if (lives.empty())
            return;
        const size_t index = random.below(lives.size());
        LiveBlock& live = lives[index];
        if (!live.mappings.empty())
            return;
        ASSERT_TRUE(isFilledWith(live.block, live.contents)) << "somebody wrote into this block";
        bool imported = false;
        for (Importer& importer : importers) {
            if (importer.block != live.number)
                continue;
            imported = true;
            importer.left = live.contents;
        }
        // Memory whose holders the kernel counts keeps its place until they are gone.
        if (imported && heap->isDmaBuf())
            helds.push_back({live.number, live.block.address(), live.block.size()});
        lives.erase(lives.begin() + static_cast<std::ptrdiff_t>(index));
    }

    void importOne() {
        if (lives.empty() || importers.size() >= 6)
            return;
        LiveBlock& live = lives[random.below(lives.size())];
        Importer importer;
        // How a descriptor reaches somebody whom the heap cannot count: not without exportFd().
        const UniqueFd exported = must(live.block.exportFd());
        importer.device = fake.import(exported.get());
        importer.block = live.number;
        if (live.mappings.empty() && random.chance(1, 2)) {
            live.contents = markOf(live.client) | 0x80;
            // The simulated caches take notice of their own devices only.
            if (isSimulated)
                must(hardware.fill(live.block.fd(), 0, live.block.size(), live.contents));
            else
                importer.device.fill(live.contents);
            ASSERT_TRUE(isFilledWith(live.block, live.contents));
            live.contents = markOf(live.client);
            fill(live.block, live.contents);
        }
        importers.push_back(std::move(importer));
    }

    void detachOne() {
        if (importers.empty())
            return;
        const size_t index = random.below(importers.size());
        Importer& importer = importers[index];
        if (importer.left) {
            ASSERT_TRUE(importer.device.isFilledWith(*importer.left))
                << "the hardware sees another client's memory";
        }
        const uint64_t number = importer.block;
        importer.device.detach();
        importers.erase(importers.begin() + static_cast<std::ptrdiff_t>(index));
        if (std::none_of(importers.begin(), importers.end(),
                         [number](const Importer& other) { return other.block == number; })) {
            helds.erase(
                std::remove_if(helds.begin(), helds.end(),
                               [number](const HeldBlock& held) { return held.number == number; }),
                helds.end());
            heap->stats(); // polls, so that the heap knows what the model knows
        }
    }

    void openAccess() {
        if (lives.empty())
            return;
        LiveBlock& live = lives[random.below(lives.size())];
        if (live.mappings.size() < 4)
            live.mappings.push_back(
                must(live.block.map(static_cast<Access>(random.between(1, 3)))));
    }

    void closeAccess() {
        if (lives.empty())
            return;
        LiveBlock& live = lives[random.below(lives.size())];
        if (live.mappings.empty())
            return;
        const size_t index = random.below(live.mappings.size());
        live.mappings.erase(live.mappings.begin() + static_cast<std::ptrdiff_t>(index));
    }

    void trim() {
        heap->trim();
        ASSERT_EQ(heap->stats().cached, 0u);
    }

    void compare() {
        const Stats stats = heap->stats();
        uint64_t held = 0;
        for (const HeldBlock& block : helds)
            held += block.size;
        ASSERT_EQ(stats.used, used());
        ASSERT_EQ(stats.held, held);
        ASSERT_EQ(stats.blocks, lives.size() + helds.size());
        ASSERT_EQ(stats.allocations, allocations);
        ASSERT_EQ(stats.failures, failures);
        ASSERT_EQ(stats.peak, peak);
        ASSERT_LE(stats.used + stats.cached, stats.size);
        ASSERT_LE(stats.recycled, stats.allocations);
        syncs = isSimulated ? faults.calls(test::Call::Ioctl) : syncs + fake.syncCalls().size();
        fake.forgetSyncCalls();
        ASSERT_EQ(stats.violations, 0u);
        ASSERT_EQ(stats.syncs, syncs);
        must(heap->validate());
    }

    static uint8_t markOf(uint64_t client) { return static_cast<uint8_t>(0x20 + client); }

    static uint8_t firstByte(const Block& block) {
        Mapping mapping = must(block.map(Access::Read));
        return static_cast<const uint8_t*>(mapping.data())[0];
    }

    const Shape shape = GetParam();
    std::shared_ptr<Heap> heap;
    bool places = false;
    const bool isSimulated = std::string(shape.source) == "simulated";
    simulated::Device hardware{"hardware"};
    Random random{shape.seed};
    const std::vector<uint64_t> clients = {0, 1, 2, 3}; // 0: a client of its own in every call
    std::vector<LiveBlock> lives;
    std::vector<HeldBlock> helds;
    std::vector<Importer> importers;
    uint64_t lastNumber = 0;
    uint64_t allocations = 0;
    uint64_t failures = 0;
    uint64_t peak = 0;
    uint64_t syncs = 0;
};

TEST_P(HeapProperty, DoesWhatTheModelDoes) {
    const uint64_t operations = propertyOperations(shape.operations);
    for (uint64_t n = 0; n < operations; ++n) {
        step();
        if (n % 16 == 0)
            compare();
        if (HasFatalFailure())
            FAIL() << "operation " << n;
    }
    compare();
    EXPECT_GT(heap->stats().recycled, 0u) << "the test never came to recycling";
    EXPECT_GT(failures, 0u) << "the test never came to a full zone";

    lives.clear();
    importers.clear();
    helds.clear();
    const Stats stats = heap->stats();
    EXPECT_EQ(stats.used, 0u);
    EXPECT_EQ(stats.held, 0u);
    EXPECT_EQ(stats.largestFree, stats.size);
    must(heap->validate());
    EXPECT_EQ(fake.punchedUnderBuffers(), 0u);
    must(heap->destroy());
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, HeapProperty,
    testing::Values(Shape{"memfd", 64, 0, "", 150000, 11}, Shape{"udmabuf", 64, 0, "", 100000, 12},
                    Shape{"udmabuf", 97, 0, ",cache=1G", 50000, 13},
                    Shape{"udmabuf", 64, 0x44000000, ",cache=16K,base=0x44000000", 50000, 14},
                    Shape{"dma-heap:system", 64, 0, "", 150000, 15},
                    Shape{"simulated", 64, 0, ",evict=16", 50000, 16}));

} // namespace
} // namespace mediaheap
