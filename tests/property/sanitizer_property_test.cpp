// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Programs that keep the rules, made at random: the sanitizer has nothing to say of any, and what
// they write is what they read.
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "heap_test.h"
#include "property.h"

namespace mediaheap {
namespace {

using test::HeapTest;
using test::must;
using test::propertyOperations;
using test::Random;

/// A block with what its bytes must be, and the accesses to it that are open.
struct Tracked {
    struct Open {
        size_t offset;
        size_t size;
        Access access;
        std::optional<Mapping> mapping; ///< none: opened with beginAccess()
    };

    Block block;
    std::vector<uint8_t> bytes;
    std::vector<Open> open;
};

class Program {
public:
    Program(std::shared_ptr<Heap> heap, size_t page, uint64_t seed)
        : heap_(std::move(heap)), page_(page), random_(seed) {}
    ~Program() {
        for (Tracked& tracked : blocks_)
            endAll(tracked);
    }

    void step() {
        if (blocks_.empty() || (blocks_.size() < 4 && random_.chance(1, 8))) {
            allocate();
            return;
        }
        Tracked& tracked = blocks_[random_.below(blocks_.size())];
        if (tracked.open.empty() && random_.chance(1, 16)) {
            std::swap(tracked, blocks_.back());
            blocks_.pop_back();
        } else if (tracked.open.empty() || (tracked.open.size() < 4 && random_.chance(1, 3))) {
            openOne(tracked);
        } else if (random_.chance(1, 2)) {
            endOne(tracked);
        } else {
            use(tracked, tracked.open[random_.below(tracked.open.size())]);
        }
    }

private:
    void allocate() {
        AllocOptions options;
        options.zero = true;
        Result<Block> block = heap_->allocate(random_.between(1, 4) * page_, options);
        if (!block)
            return; // another thread has the rest
        Tracked tracked;
        tracked.bytes.assign(block->size(), 0);
        tracked.block = std::move(block).value();
        blocks_.push_back(std::move(tracked));
    }

    void openOne(Tracked& tracked) {
        Tracked::Open open{0, tracked.block.size(), static_cast<Access>(random_.between(1, 3)), {}};
        if (random_.chance(1, 2)) {
            open.offset = random_.below(tracked.block.size());
            open.size = random_.between(1, tracked.block.size() - open.offset);
        }
        if (random_.chance(1, 2))
            open.mapping = must(tracked.block.map(open.access, open.offset, open.size));
        else
            must(tracked.block.beginAccess(open.access, open.offset, open.size));
        tracked.open.push_back(std::move(open));
    }

    void endOne(Tracked& tracked) {
        const size_t which = random_.below(tracked.open.size());
        if (tracked.open[which].mapping)
            must(tracked.open[which].mapping->end());
        else
            must(tracked.block.endAccess());
        tracked.open.erase(tracked.open.begin() + static_cast<std::ptrdiff_t>(which));
    }

    void endAll(Tracked& tracked) {
        while (!tracked.open.empty())
            endOne(tracked);
    }

    void use(Tracked& tracked, const Tracked::Open& open) {
        const size_t offset = open.offset + random_.below(open.size);
        const size_t size = random_.between(1, open.offset + open.size - offset);
        auto* const data = static_cast<uint8_t*>(tracked.block.data()) + offset;
        if (includes(open.access, Access::Write)) {
            const auto value = static_cast<uint8_t>(random_.below(256));
            std::memset(data, value, size);
            std::memset(tracked.bytes.data() + offset, value, size);
        } else if (std::memcmp(data, tracked.bytes.data() + offset, size) != 0) {
            ADD_FAILURE() << "other bytes than were written";
        }
    }

    const std::shared_ptr<Heap> heap_;
    const size_t page_;
    Random random_;
    std::vector<Tracked> blocks_;
};

class SanitizerProperty : public HeapTest, public testing::WithParamInterface<const char*> {
protected:
    SanitizerProperty() {
        fake.addUdmabuf();
        heap = open(GetParam() + std::string(",size=256K,sanitize=1"));
    }

    std::shared_ptr<Heap> heap;
};

// A stray access ends the program, so that none can go unnoticed.
INSTANTIATE_TEST_SUITE_P(Sources, SanitizerProperty, testing::Values("memfd", "udmabuf"),
                         [](const auto& row) { return std::string(row.param); });

TEST_P(SanitizerProperty, HasNothingToSayOfCorrectPrograms) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
        Program program(heap, page, seed);
        for (uint64_t n = propertyOperations(1000); n > 0; --n)
            program.step();
    }
    EXPECT_EQ(heap->stats().strayAccesses, 0u);
    EXPECT_EQ(heap->stats().used, 0u);
}

TEST_P(SanitizerProperty, HasNothingToSayOfCorrectThreads) {
    std::vector<std::thread> threads;
    for (uint64_t seed = 0; seed < 4; ++seed) {
        threads.emplace_back([this, seed] {
            Program program(heap, page, 100 + seed);
            for (uint64_t n = propertyOperations(2000); n > 0; --n)
                program.step();
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(heap->stats().strayAccesses, 0u);
    EXPECT_EQ(heap->stats().used, 0u);
}

} // namespace
} // namespace mediaheap
