// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Memory that was given back while hardware still holds it.
#include <cerrno>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heap_test.h"

namespace mediaheap {
namespace {

using test::FakeImporter;
using test::FakeKernel;
using test::HeapTest;
using test::must;
using testing::AllOf;
using testing::HasSubstr;

class QuarantineTest : public HeapTest, public testing::WithParamInterface<const char*> {
protected:
    QuarantineTest() {
        fake.addUdmabuf();
        fake.addDmaHeap("system");
        reopen();
    }

    void reopen() {
        heap.reset();
        heap = open(GetParam() + std::string(",size=") + std::to_string(16 * page));
    }

    /// Frees a block of @p pages that an importer has taken.
    FakeImporter freeWhileImported(size_t pages, const std::string& name = "frame") {
        const Block block = allocate(heap, pages * page, named(name));
        identity = FakeKernel::identityOf(block.fd());
        return fake.import(block.fd());
    }

    std::shared_ptr<Heap> heap;
    uint64_t identity = 0; ///< of the block last freed
};

INSTANTIATE_TEST_SUITE_P(Sources, QuarantineTest, testing::Values("udmabuf", "dma-heap:system"),
                         [](const auto& row) {
                             const std::string name = row.param;
                             return name.substr(name.find(':') + 1);
                         });

TEST_P(QuarantineTest, CountsHeldMemoryAsUsed) {
    const FakeImporter importer = freeWhileImported(4);
    const Stats stats = heap->stats();
    EXPECT_EQ(stats.held, 4 * page);
    EXPECT_EQ(stats.used, 4 * page);
    EXPECT_EQ(stats.cached, 0u);
    EXPECT_EQ(stats.blocks, 1u);
    EXPECT_EQ(stats.largestFree, 12 * page);
    must(heap->validate());
}

TEST_P(QuarantineTest, NeverHandsHeldMemoryOut) {
    FakeImporter importer = freeWhileImported(4);
    importer.fill(0xaa);
    std::vector<Block> blocks;
    while (heap->stats().largestFree > 0)
        blocks.push_back(allocate(heap, page));
    EXPECT_EQ(blocks.size(), 12u);
    for (const Block& block : blocks) {
        EXPECT_NE(FakeKernel::identityOf(block.fd()), identity);
        fill(block, 0x11);
    }
    EXPECT_TRUE(importer.isFilledWith(0xaa)) << "somebody writes into what the hardware reads";
    importer.fill(0xbb);
    for (const Block& block : blocks)
        EXPECT_TRUE(isFilledWith(block, 0x11)) << "the hardware writes into another's block";
}

TEST_P(QuarantineTest, RefusesRatherThanHandHeldMemoryOut) {
    const FakeImporter importer = freeWhileImported(16, "camera");
    const Result<Block> block = heap->allocate(page);
    ASSERT_FALSE(block.ok());
    EXPECT_EQ(block.error().code, ENOMEM);
    EXPECT_THAT(block.error().message(), AllOf(HasSubstr("'camera'"), HasSubstr("importer")));
}

TEST_P(QuarantineTest, HandsMemoryOutAgainOnceTheImporterLetsGo) {
    FakeImporter importer = freeWhileImported(16);
    importer.fill(0xaa);
    EXPECT_FALSE(heap->allocate(16 * page).ok());
    importer.detach();
    const Block block = allocate(heap, 16 * page);
    EXPECT_TRUE(isFilledWith(block, 0)) << "what the hardware wrote for another client";
    EXPECT_EQ(heap->stats().held, 0u);
    must(heap->validate());
}

TEST_P(QuarantineTest, NoticesInItsStatisticsThatTheImporterLetGo) {
    FakeImporter importer = freeWhileImported(4);
    EXPECT_EQ(heap->stats().held, 4 * page);
    importer.detach();
    const Stats stats = heap->stats();
    EXPECT_EQ(stats.held, 0u);
    EXPECT_EQ(stats.used, 0u);
    EXPECT_EQ(stats.blocks, 0u);
}

TEST_P(QuarantineTest, WaitsForTheLastOfSeveralImporters) {
    UniqueFd duplicate;
    FakeImporter first;
    FakeImporter second;
    {
        const Block block = allocate(heap, page);
        first = fake.import(block.fd());
        second = fake.import(block.fd());
        duplicate = must(block.exportFd());
    }
    EXPECT_EQ(heap->stats().held, page);
    second.detach();
    EXPECT_EQ(heap->stats().held, page);
    duplicate.reset();
    EXPECT_EQ(heap->stats().held, page);
    first.detach();
    EXPECT_EQ(heap->stats().held, 0u);
}

TEST_P(QuarantineTest, DoesNotMindAnImporterThatLetGoBefore) {
    {
        const Block block = allocate(heap, page);
        fake.import(block.fd()).detach();
    }
    EXPECT_EQ(heap->stats().held, 0u);
    allocate(heap, page);
    EXPECT_EQ(heap->stats().recycled, 1u);
}

TEST_P(QuarantineTest, ComparesWithTheCountRecordedNotWithAFormula) {
    fake.countOffset = 5;
    reopen();
    { const Block block = allocate(heap, page); }
    EXPECT_EQ(heap->stats().held, 0u);
    const FakeImporter importer = freeWhileImported(1);
    EXPECT_EQ(heap->stats().held, page);
}

TEST_P(QuarantineTest, HandsNothingOutWhoseCountCannotBeRead) {
    Block block = allocate(heap, 16 * page);
    identity = FakeKernel::identityOf(block.fd());
    UniqueFd duplicate = must(block.exportFd());
    FakeImporter importer = fake.import(block.fd());
    fake.fdinfoError = EMFILE;
    block.reset();
    duplicate.reset();
    std::vector<Block> others;
    for (Result<Block> next = heap->allocate(page); next; next = heap->allocate(page))
        others.push_back(std::move(next).value());
    importer.fill(0xaa);
    for (const Block& other : others) {
        EXPECT_NE(FakeKernel::identityOf(other.fd()), identity);
        EXPECT_TRUE(isFilledWith(other, 0)) << "the hardware writes into another's block";
    }
    importer.detach();
    fake.fdinfoError = 0;
    must(heap->validate());
}

TEST_P(QuarantineTest, KeepsHoldingWhileTheCountCannotBeRead) {
    FakeImporter importer = freeWhileImported(4);
    EXPECT_EQ(heap->stats().held, 4 * page);
    fake.fdinfoError = EMFILE;
    EXPECT_EQ(heap->stats().held, 4 * page);
    EXPECT_EQ(heap->trim(), 0u);
    importer.detach();
    EXPECT_EQ(heap->stats().held, 4 * page) << "nobody can know yet";
    fake.fdinfoError = 0;
    EXPECT_EQ(heap->stats().held, 0u);
}

TEST_P(QuarantineTest, WorksOnAKernelThatTellsNoCount) {
    fake.fdinfoError = ENOENT;
    reopen();
    for (int n = 0; n < 3; ++n) {
        const Block block = allocate(heap, page);
        fill(block, 0x11);
    }
    EXPECT_EQ(heap->stats().recycled, 0u) << "nobody can tell whether it is still held";
    must(heap->validate());
}

TEST_P(QuarantineTest, TrimsWhatTheImporterHasLetGo) {
    FakeImporter importer = freeWhileImported(4);
    EXPECT_EQ(heap->trim(), 0u);
    EXPECT_EQ(heap->stats().held, 4 * page);
    importer.detach();
    EXPECT_EQ(heap->trim(), 4 * page);
    EXPECT_EQ(heap->stats().held, 0u);
    EXPECT_EQ(heap->stats().cached, 0u);
}

TEST_P(QuarantineTest, LeavesTheImporterItsMemoryWhenTheHeapIsDestroyed) {
    FakeImporter importer = freeWhileImported(4);
    importer.fill(0xaa);
    must(heap->destroy());
    EXPECT_TRUE(importer.isFilledWith(0xaa));
    importer.fill(0xbb);
    EXPECT_TRUE(importer.isFilledWith(0xbb));
    importer.detach();
}

TEST_P(QuarantineTest, LeavesTheImporterItsMemoryWhenTheHeapGoes) {
    FakeImporter importer = freeWhileImported(4);
    importer.fill(0xaa);
    heap.reset();
    EXPECT_TRUE(importer.isFilledWith(0xaa));
    importer.detach();
}

TEST_P(QuarantineTest, ReportsWhatIsHeld) {
    const FakeImporter importer = freeWhileImported(4, "camera");
    EXPECT_THAT(heap->report(ReportFormat::Text), HasSubstr("name=\"camera\""));
    EXPECT_THAT(heap->report(ReportFormat::Json), HasSubstr("\"held\""));
}

} // namespace
} // namespace mediaheap
