// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One heap, many threads.
#include <atomic>
#include <cerrno>
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
using test::Random;

constexpr unsigned threadCount = 4;
constexpr int rounds = 300;

class ThreadsTest : public HeapTest, public testing::WithParamInterface<const char*> {
protected:
    ThreadsTest() {
        fake.addUdmabuf();
        fake.addDmaHeap("system");
        heap = open(GetParam() + std::string(",size=1M"));
    }

    template <typename Work> static void inThreads(Work work) {
        std::vector<std::thread> threads;
        for (unsigned id = 0; id < threadCount; ++id)
            threads.emplace_back([&work, id] { work(id); });
        for (std::thread& thread : threads)
            thread.join();
    }

    std::shared_ptr<Heap> heap;
};

INSTANTIATE_TEST_SUITE_P(Sources, ThreadsTest,
                         testing::Values("memfd", "udmabuf", "dma-heap:system", "simulated"),
                         [](const auto& row) {
                             const std::string name = row.param;
                             return name.substr(name.find(':') + 1);
                         });

TEST_P(ThreadsTest, EachGetsMemoryOfItsOwn) {
    inThreads([this](unsigned id) {
        Random random(id);
        std::vector<Block> blocks;
        const uint64_t client = Heap::newClient();
        const auto mark = static_cast<uint8_t>(id + 1);
        for (int n = 0; n < rounds; ++n) {
            if (blocks.size() < 8 && random.chance(2, 3)) {
                Result<Block> block = heap->allocate(random.between(1, 8) * page, ofClient(client));
                if (!block) {
                    if (block.error().code != ENOMEM)
                        ADD_FAILURE() << block.error().message();
                    continue;
                }
                if (!isFilledWith(*block, 0) && !isFilledWith(*block, mark))
                    ADD_FAILURE() << "another client's memory";
                fill(*block, mark);
                blocks.push_back(std::move(block).value());
            } else if (!blocks.empty()) {
                const size_t index = random.below(blocks.size());
                if (!isFilledWith(blocks[index], mark))
                    ADD_FAILURE() << "somebody else wrote into this block";
                blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(index));
            }
        }
    });
    EXPECT_EQ(heap->stats().used, 0u);
    must(heap->validate());
}

TEST_P(ThreadsTest, SomeMayAskAndTrimWhileOthersAllocate) {
    std::atomic<bool> done{false};
    inThreads([this, &done](unsigned id) {
        if (id == 0) {
            for (int n = 0; n < rounds; ++n) {
                Result<Block> block = heap->allocate(4 * page, named("worker"));
                if (block)
                    fill(*block, 1);
            }
            done = true;
            return;
        }
        while (!done) {
            const Stats stats = heap->stats();
            if (stats.used + stats.cached > stats.size)
                ADD_FAILURE() << "over the budget";
            heap->trim();
            heap->report(ReportFormat::Json);
            heap->report(ReportFormat::Text);
            if (const Result<void> valid = heap->validate(); !valid)
                ADD_FAILURE() << valid.error().message();
        }
    });
}

TEST_P(ThreadsTest, OneMayDestroyWhileOthersAllocate) {
    std::atomic<int> allocated{0};
    inThreads([this, &allocated](unsigned id) {
        if (id == 0) {
            while (!heap->destroy())
                std::this_thread::yield();
            return;
        }
        for (;;) {
            Result<Block> block = heap->allocate(page);
            if (block) {
                ++allocated;
                fill(*block, 1);
            } else if (block.error().code == ENODEV) {
                return;
            }
        }
    });
    EXPECT_TRUE(heap->isDestroyed());
    EXPECT_EQ(heap->stats().used, 0u);
}

TEST_P(ThreadsTest, BlocksMayGoInOtherThreadsThanTheyCame) {
    std::vector<Block> blocks;
    for (unsigned id = 0; id < threadCount; ++id)
        blocks.push_back(allocate(heap, page));
    heap.reset();
    inThreads([&blocks](unsigned id) {
        fill(blocks[id], 1);
        blocks[id].reset();
    });
}

} // namespace
} // namespace mediaheap
