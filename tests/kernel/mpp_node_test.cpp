// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The module that stands for ArtInChip's MPP heap, as a program finds it that knows the ioctls
// alone.
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>

#include "bare_mpp.h"
#include "bufinfo.h"
#include "kernel_module.h"
#include "killed_child.h"

namespace mediaheap::test {
namespace {

constexpr size_t mebi = 1 << 20;
constexpr uint64_t read = 1, write = 2, end = 4; // DMA_BUF_SYNC_*

class MppNode : public testing::Test {
protected:
    KernelModule module{"mediaheap_mpp", "size=8388608"};
    BareMpp mpp;

    UniqueFd allocate(uint64_t size) { return UniqueFd(mpp.allocate(size)); }
    /// How many pieces of that size are to be had.
    size_t room(uint64_t size) {
        std::vector<UniqueFd> pieces;
        for (;;) {
            pieces.push_back(allocate(size));
            if (!pieces.back().isValid())
                return pieces.size() - 1;
        }
    }
};

TEST_F(MppNode, AllocatesWholePagesSideBySide) {
    const UniqueFd first = allocate(5000);
    const UniqueFd second = allocate(mebi);
    ASSERT_TRUE(second.isValid());
    struct ::stat status {};
    ASSERT_EQ(::fstat(first.get(), &status), 0);
    EXPECT_EQ(status.st_size, 8192);
    EXPECT_NE(BareMpp::physical(first.get()), 0u);
    EXPECT_EQ(BareMpp::physical(second.get()), BareMpp::physical(first.get()) + 8192);
    EXPECT_EQ(module.number("buffers"), 2u);
    EXPECT_EQ(findInBufinfo(inodeOf(first.get()))->exporter, "mpp");
    EXPECT_EQ(::fcntl(first.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(MppNode, RefusesWhatDmaHeapsRefuse) {
    EXPECT_EQ(mpp.allocate(0), -EINVAL);
    EXPECT_EQ(mpp.allocate(4096, 3), -EINVAL);
    EXPECT_EQ(mpp.allocate(4096, 0, 0x40000000), -EINVAL);
    EXPECT_EQ(mpp.allocate(4096, 0, 02000002, 1), -EINVAL);
    EXPECT_EQ(mpp.allocate(UINT64_MAX), -ENOMEM);
    EXPECT_EQ(mpp.allocate(8 * mebi + 1), -ENOMEM);
    EXPECT_EQ(module.number("buffers"), 0u);
}

TEST_F(MppNode, MapsOneMemoryForAll) {
    const UniqueFd buffer = allocate(mebi);
    void* const first = ::mmap(nullptr, mebi, PROT_READ | PROT_WRITE, MAP_SHARED, buffer.get(), 0);
    void* const second = ::mmap(nullptr, mebi, PROT_READ, MAP_SHARED, buffer.get(), 0);
    ASSERT_NE(first, MAP_FAILED);
    ASSERT_NE(second, MAP_FAILED);
    std::memset(first, 0x5a, mebi);
    EXPECT_EQ(std::memcmp(first, second, mebi), 0);
    EXPECT_EQ(::mmap(nullptr, mebi, PROT_READ, MAP_PRIVATE, buffer.get(), 0), MAP_FAILED);
    ::munmap(first, mebi);
    ::munmap(second, mebi);
}

TEST_F(MppNode, SyncsWholeBuffersAndParts) {
    const UniqueFd buffer = allocate(mebi);
    void* const data = ::mmap(nullptr, mebi, PROT_READ | PROT_WRITE, MAP_SHARED, buffer.get(), 0);
    ASSERT_NE(data, MAP_FAILED);
    const auto address = reinterpret_cast<uintptr_t>(data);
    EXPECT_EQ(BareMpp::sync(buffer.get(), read | write), 0);
    EXPECT_EQ(BareMpp::sync(buffer.get(), read | write | end), 0);
    EXPECT_EQ(BareMpp::sync(buffer.get(), 0), -EINVAL);
    EXPECT_EQ(module.number("cpu_syncs"), 2u);
    EXPECT_EQ(BareMpp::syncRange(buffer.get(), address + 4096, 640, 1), 0);
    EXPECT_EQ(BareMpp::syncRange(buffer.get(), address, mebi, 2), 0);
    EXPECT_EQ(module.number("range_syncs"), 2u);
    EXPECT_EQ(module.number("range_bytes"), mebi + 640);
    EXPECT_EQ(BareMpp::syncRange(buffer.get(), address, mebi + 1, 1), -EFAULT);
    EXPECT_EQ(BareMpp::syncRange(buffer.get(), 4096, 64, 1), -EFAULT) << "an offset is no address";
    ::munmap(data, mebi);
}

TEST_F(MppNode, LeavesOtherBuffersTheirOwnCalls) {
    BareMpp system("/dev/dma_heap/system");
    ASSERT_TRUE(system.isOpen());
    const UniqueFd buffer(system.allocate(4096));
    EXPECT_EQ(BareMpp::physical(buffer.get()), 0u);
    EXPECT_EQ(BareMpp::syncRange(buffer.get(), 0, 1, 1), -ENOTTY);
    EXPECT_EQ(BareMpp::sync(buffer.get(), read), 0);
}

TEST_F(MppNode, RefusesWhatIsNotThereInOnePiece) {
    std::vector<UniqueFd> pieces;
    for (int n = 0; n < 4; ++n)
        pieces.push_back(allocate(2 * mebi));
    EXPECT_EQ(mpp.allocate(4096), -ENOMEM) << "there is not one page left";
    pieces[0].reset();
    pieces[2].reset();
    EXPECT_EQ(mpp.allocate(2 * mebi + 4096), -ENOMEM) << "4 MiB are free, in two pieces";
    EXPECT_TRUE(allocate(2 * mebi).isValid());
    pieces[1].reset();
    EXPECT_TRUE(allocate(6 * mebi).isValid()) << "neighbours have become one piece";
}

TEST_F(MppNode, PlacesInTheSmallestGapThatFits) {
    std::vector<UniqueFd> pieces;
    for (const unsigned pages : {4, 1, 2, 1, 3, 1})
        pieces.push_back(allocate(pages * 4096));
    const uint32_t small = BareMpp::physical(pieces[2].get());
    pieces[0].reset();
    pieces[2].reset();
    pieces[4].reset();
    EXPECT_EQ(BareMpp::physical(allocate(2 * 4096).get()), small);
}

TEST_F(MppNode, ClearsNothing) {
    const auto fillOrCount = [](const UniqueFd& buffer, bool fill) {
        auto* const data = static_cast<unsigned char*>(
            ::mmap(nullptr, 8 * mebi, PROT_READ | PROT_WRITE, MAP_SHARED, buffer.get(), 0));
        if (fill)
            std::memset(data, 0x77, 8 * mebi);
        const unsigned char last = data[8 * mebi - 1];
        ::munmap(data, 8 * mebi);
        return last;
    };
    fillOrCount(allocate(8 * mebi), true);
    EXPECT_EQ(fillOrCount(allocate(8 * mebi), false), 0x77) << "which is why the library does";
}

TEST_F(MppNode, IsNotDestroyedWhileBuffersLive) {
    UniqueFd buffer = allocate(mebi);
    EXPECT_EQ(mpp.destroy(), -EBUSY);
    EXPECT_TRUE(allocate(mebi).isValid()) << "and goes on as before";
    buffer.reset();
    EXPECT_EQ(mpp.destroy(), 0);
    EXPECT_EQ(mpp.destroy(), -ENODEV);
    EXPECT_EQ(mpp.allocate(mebi), -ENODEV);
    EXPECT_EQ(BareMpp().allocate(mebi), -ENODEV) << "for who comes later, too";
}

TEST_F(MppNode, TakesBackWhatAKilledProcessHad) {
    killAfter(
        [&] {
            for (int n = 0; n < 8; ++n) {
                const int fd = mpp.allocate(mebi);
                void* const data = ::mmap(nullptr, mebi, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
                if (fd < 0 || data == MAP_FAILED)
                    return false;
                std::memset(data, n, mebi);
            }
            return true;
        },
        [&] {
            EXPECT_EQ(module.number("buffers"), 8u);
            EXPECT_EQ(mpp.allocate(4096), -ENOMEM);
            EXPECT_EQ(mpp.destroy(), -EBUSY);
        });
    EXPECT_EQ(module.number("buffers"), 0u);
    EXPECT_EQ(room(mebi), 8u);
}

TEST(MppNodeOfMainline, HasNothingOfArtInChips) {
    const KernelModule module("mediaheap_mpp", "node=dma_heap/reserved plain=1");
    const BareMpp heap("/dev/dma_heap/reserved");
    const UniqueFd buffer(heap.allocate(4096));
    ASSERT_TRUE(buffer.isValid());
    EXPECT_EQ(BareMpp::physical(buffer.get()), 0u);
    EXPECT_EQ(BareMpp::syncRange(buffer.get(), 0, 1, 1), -ENOTTY);
    EXPECT_EQ(heap.destroy(), -EINVAL);
}

} // namespace
} // namespace mediaheap::test
