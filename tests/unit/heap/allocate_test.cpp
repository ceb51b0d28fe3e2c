// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Blocks: size, place, name, options, and what is refused.
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <ostream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mediaheap/simulated/device.h>

#include "heap_test.h"

namespace mediaheap {
namespace {

using test::FakeKernel;
using test::HeapTest;
using test::must;
using testing::AllOf;
using testing::HasSubstr;

// ---- From any source.

class AllocateTest : public HeapTest, public testing::WithParamInterface<const char*> {
protected:
    AllocateTest() {
        fake.addUdmabuf();
        fake.addDmaHeap("system");
        heap = open(GetParam() + std::string(",size=1M"));
    }

    /// The error of an allocation that must fail, and that counts as failed and nothing else.
    Error refused(size_t size, const AllocOptions& options = {}) {
        const Stats before = heap->stats();
        Result<Block> block = heap->allocate(size, options);
        if (block) {
            ADD_FAILURE() << size << " bytes were allocated";
            return {};
        }
        const Stats after = heap->stats();
        EXPECT_EQ(after.failures, before.failures + 1);
        EXPECT_EQ(after.used, before.used);
        EXPECT_EQ(after.blocks, before.blocks);
        EXPECT_EQ(after.allocations, before.allocations);
        EXPECT_EQ(block.error().heap, heap->description());
        EXPECT_THAT(block.error().message(), HasSubstr("allocate "));
        must(heap->validate());
        return block.error();
    }

    std::shared_ptr<Heap> heap;
};

INSTANTIATE_TEST_SUITE_P(Sources, AllocateTest,
                         testing::Values("memfd", "udmabuf", "dma-heap:system", "simulated"),
                         [](const auto& row) {
                             const std::string name = row.param;
                             return name.substr(name.find(':') + 1);
                         });

TEST_P(AllocateTest, GivesWholePages) {
    const Block block = allocate(heap, page + 1);
    EXPECT_EQ(block.size(), 2 * page);
    struct ::stat status {};
    ASSERT_EQ(::fstat(block.fd(), &status), 0);
    EXPECT_EQ(static_cast<size_t>(status.st_size), 2 * page);
    EXPECT_EQ(heap->stats().used, 2 * page);
}

TEST_P(AllocateTest, GivesADescriptorThatIsClosedOnExec) {
    const Block block = allocate(heap, page);
    EXPECT_EQ(::fcntl(block.fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    const UniqueFd copy = must(block.exportFd());
    EXPECT_EQ(::fcntl(copy.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    EXPECT_EQ(FakeKernel::identityOf(copy.get()), FakeKernel::identityOf(block.fd()));
}

TEST_P(AllocateTest, TakesZeroForADescriptorLikeAnyOther) {
    const UniqueFd saved(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    ASSERT_TRUE(saved.isValid()) << "this program needs a standard input, /dev/null will do";
    ::close(STDIN_FILENO);
    {
        const Block block = allocate(heap, page);
        EXPECT_EQ(block.fd(), 0);
        fill(block, 1);
        EXPECT_TRUE(isFilledWith(block, 1));
        EXPECT_NE(must(block.exportFd()).get(), 0);
    }
    heap->trim();
    EXPECT_EQ(::fcntl(STDIN_FILENO, F_GETFD), -1) << "it was not closed";
    EXPECT_EQ(::dup2(saved.get(), STDIN_FILENO), STDIN_FILENO);
}

TEST_P(AllocateTest, SaysWhyABlockCannotBeExportedAndKeepsItForItself) {
    uint64_t identity = 0;
    {
        const Block block = allocate(heap, page, named("frame"));
        identity = FakeKernel::identityOf(block.fd());
        faults.failFrom(test::Call::Duplicate, 1, EMFILE);
        const Result<UniqueFd> copy = block.exportFd();
        faults.clearFaults();
        ASSERT_FALSE(copy.ok());
        EXPECT_EQ(copy.error().code, EMFILE);
        EXPECT_THAT(copy.error().message(), AllOf(HasSubstr(heap->description()),
                                                  HasSubstr("'frame'"), HasSubstr("ulimit")));
    }
    EXPECT_EQ(FakeKernel::identityOf(allocate(heap, page).fd()), identity) << "it was recycled";
}

TEST_P(AllocateTest, GivesEveryBlockMemoryOfItsOwn) {
    const Block first = allocate(heap, 3 * page);
    const Block second = allocate(heap, 3 * page);
    EXPECT_NE(FakeKernel::identityOf(first.fd()), FakeKernel::identityOf(second.fd()));
    fill(first, 1);
    fill(second, 2);
    EXPECT_TRUE(isFilledWith(first, 1));
    EXPECT_TRUE(isFilledWith(second, 2));
}

TEST_P(AllocateTest, GivesZeroedMemory) {
    AllocOptions zeroed;
    zeroed.zero = true;
    EXPECT_TRUE(isFilledWith(allocate(heap, 64 * page, zeroed), 0));
}

TEST_P(AllocateTest, SharesTheMemoryWithWhoeverImportsIt) {
    const Block block = allocate(heap, 2 * page);
    fill(block, 0x11);
    test::FakeImporter importer = fake.import(block.fd());
    EXPECT_EQ(importer.size(), 2 * page);
    EXPECT_TRUE(importer.isFilledWith(0x11));
    if (std::string(GetParam()) == "simulated")
        must(simulated::Device("importer").fill(block.fd(), 0, 2 * page, 0x22));
    else
        importer.fill(0x22);
    EXPECT_TRUE(importer.isFilledWith(0x22));
    EXPECT_TRUE(isFilledWith(block, 0x22));
    importer.detach();
}

TEST_P(AllocateTest, AlignsAddressAndMapping) {
    AllocOptions options;
    for (const size_t alignment : {page, 4 * page, 64 * page}) {
        options.alignment = alignment;
        const Block odd = allocate(heap, page);
        const Block block = allocate(heap, page, options);
        EXPECT_EQ(block.address() % alignment, 0u) << alignment;
        EXPECT_EQ(reinterpret_cast<uintptr_t>(block.data()) % alignment, 0u) << alignment;
        fill(block, 1);
    }
}

TEST_P(AllocateTest, TakesAnAlignmentBelowAPage) {
    AllocOptions options;
    options.alignment = 16;
    EXPECT_EQ(allocate(heap, 1, options).size(), page);
}

TEST_P(AllocateTest, PutsBlocksOneAfterAnother) {
    const Block first = allocate(heap, 2 * page);
    const Block second = allocate(heap, page);
    EXPECT_EQ(first.address(), 0u);
    EXPECT_EQ(second.address(), 2 * page);
}

TEST_P(AllocateTest, CutsALongNameAsTheKernelDoes) {
    const Block block = allocate(heap, page, named(std::string(40, 'n')));
    EXPECT_EQ(block.name(), std::string(31, 'n'));
    EXPECT_EQ(fake.nameOf(block.fd()), heap->isDmaBuf() ? std::string(31, 'n') : "");
}

TEST_P(AllocateTest, CutsALongNameBeforeACharacterNotWithinOne) {
    const Block block = allocate(heap, page, named(std::string(30, 'n') + "\u00e4"));
    EXPECT_EQ(block.name(), std::string(30, 'n'));
}

TEST_P(AllocateTest, DoesNotMindAKernelThatCannotNameBuffers) {
    fake.namingError = ENOTTY;
    const Block block = allocate(heap, page, named("camera"));
    EXPECT_EQ(block.name(), "camera");
    fill(block, 1);
}

TEST_P(AllocateTest, FillsTheZoneToTheLastPage) {
    std::vector<Block> blocks;
    while (heap->stats().largestFree > 0)
        blocks.push_back(allocate(heap, page));
    EXPECT_EQ(blocks.size(), (1u << 20) / page);
    EXPECT_EQ(heap->stats().used, 1u << 20);
    EXPECT_EQ(refused(1).code, ENOMEM);
    must(heap->validate());
}

TEST_P(AllocateTest, RefusesABlockWithoutMemory) { EXPECT_EQ(refused(0).code, EINVAL); }

TEST_P(AllocateTest, RefusesASizeThatCannotBeRounded) {
    EXPECT_EQ(refused(SIZE_MAX).code, EOVERFLOW);
    EXPECT_EQ(refused(SIZE_MAX - page + 2).code, EOVERFLOW);
}

TEST_P(AllocateTest, RefusesMoreThanTheZone) {
    const Error error = refused((1u << 20) + 1);
    EXPECT_EQ(error.code, ENOMEM);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("1024 KiB"), HasSubstr("size=")));
}

TEST_P(AllocateTest, RefusesAnEnormousSize) {
    EXPECT_NE(refused(SIZE_MAX - page + 1).code, 0);
    EXPECT_NE(refused(SIZE_MAX / 2 + 1).code, 0);
}

TEST_P(AllocateTest, RefusesAnAlignmentThatIsNoPowerOfTwo) {
    AllocOptions options;
    for (const size_t alignment : {size_t{3}, 3 * page, SIZE_MAX}) {
        options.alignment = alignment;
        EXPECT_EQ(refused(page, options).code, EINVAL) << alignment;
    }
}

TEST_P(AllocateTest, RefusesAnAlignmentThatNoAddressSpaceHas) {
    AllocOptions options;
    options.alignment = SIZE_MAX / 2 + 1;
    allocate(heap, page).reset();
    const Block first = allocate(heap, page);
    EXPECT_EQ(refused(page, options).code, ENOMEM);
}

TEST_P(AllocateTest, RefusesWishesThatTheSourceCannotHonour) {
    if (std::string(GetParam()) != "simulated") { // which has both
        AllocOptions uncached;
        uncached.cached = false;
        EXPECT_EQ(refused(page, uncached).code, EOPNOTSUPP);
    }
    AllocOptions contiguous;
    contiguous.contiguous = true;
    EXPECT_EQ(refused(page, contiguous).code, EOPNOTSUPP);
    AllocOptions cached;
    cached.cached = true;
    EXPECT_TRUE(allocate(heap, page, cached).isCached());
}

TEST_P(AllocateTest, SaysWhoHoldsTheMemoryThatIsMissing) {
    const Block camera = allocate(heap, 512 * 1024, named("camera"));
    const Block encoder = allocate(heap, 256 * 1024, named("encoder"));
    const Error error = refused(512 * 1024);
    EXPECT_EQ(error.code, ENOMEM);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("256 KiB of 1024 KiB free"),
                                       HasSubstr("'camera' 512 KiB in 1 block"),
                                       HasSubstr("'encoder' 256 KiB in 1 block")));
}

TEST_P(AllocateTest, CountsWhatItDoes) {
    {
        const Block first = allocate(heap, 4 * page);
        const Block second = allocate(heap, 2 * page);
        EXPECT_EQ(heap->stats().blocks, 2u);
    }
    refused(0);
    const Stats stats = heap->stats();
    EXPECT_EQ(stats.size, 1u << 20);
    EXPECT_EQ(stats.used, 0u);
    EXPECT_EQ(stats.peak, 6 * page);
    EXPECT_EQ(stats.blocks, 0u);
    EXPECT_EQ(stats.allocations, 2u);
    EXPECT_EQ(stats.failures, 1u);
    EXPECT_EQ(stats.largestFree, 1u << 20) << "cached memory counts as free";
}

TEST_P(AllocateTest, MovesABlockWithoutTouchingItsMemory) {
    Block first = allocate(heap, page);
    const int fd = first.fd();
    Block second = std::move(first);
    EXPECT_FALSE(first.isValid());
    EXPECT_EQ(second.fd(), fd);
    EXPECT_EQ(heap->stats().blocks, 1u);
    second = allocate(heap, 2 * page);
    EXPECT_EQ(heap->stats().blocks, 1u) << "the replaced block went back";
    EXPECT_EQ(heap->stats().used, 2 * page);
    second.reset();
    second.reset();
    EXPECT_FALSE(second.isValid());
    EXPECT_EQ(heap->stats().blocks, 0u);
}

} // namespace
} // namespace mediaheap
