// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Heap::wrap() of what real exporters make without the library.
#include <cerrno>
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "real_heap.h"

namespace mediaheap::test {
namespace {

constexpr size_t mebi = 1 << 20;

UniqueFd fromSystemHeap(size_t size, int mode) {
    const UniqueFd node(::open("/dev/dma_heap/system", O_RDONLY | O_CLOEXEC));
    dma_heap_allocation_data data{};
    data.len = size;
    data.fd_flags = static_cast<uint32_t>(mode);
    EXPECT_EQ(::ioctl(node.get(), DMA_HEAP_IOCTL_ALLOC, &data), 0);
    return UniqueFd(static_cast<int>(data.fd));
}

/// A DMA-BUF as any other program gets one; the parameter is the exporter, the heap is of memfds.
class WrapOfDmaBufs : public RealHeap {
protected:
    WrapOfDmaBufs() { heap = must(Heap::open("memfd,size=16M")); }

    UniqueFd make(size_t size) {
        if (isUdmabuf()) {
            const UniqueFd memfd(::memfd_create("foreign", MFD_CLOEXEC | MFD_ALLOW_SEALING));
            EXPECT_EQ(::ftruncate(memfd.get(), static_cast<off_t>(size)), 0);
            EXPECT_EQ(::fcntl(memfd.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
            const UniqueFd node(::open("/dev/udmabuf", O_RDWR | O_CLOEXEC));
            udmabuf_create request{};
            request.memfd = static_cast<uint32_t>(memfd.get());
            request.size = size;
            return UniqueFd(::ioctl(node.get(), UDMABUF_CREATE, &request));
        }
        return fromSystemHeap(size, O_RDWR);
    }
};

INSTANTIATE_TEST_SUITE_P(Exporters, WrapOfDmaBufs, testing::Values("udmabuf", "dma-heap:system"),
                         sourceName);

TEST_P(WrapOfDmaBufs, AreKnownForWhatTheyAreSyncedAndCounted) {
    const Block block = must(heap->wrap(make(mebi), mebi));
    EXPECT_TRUE(block.isDmaBuf());
    EXPECT_TRUE(block.isWritable());
    EXPECT_EQ(block.size(), mebi);
    EXPECT_EQ(::fcntl(block.fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    fill(block, 7);
    EXPECT_TRUE(isFilledWith(block, 7));
    {
        const Mapping outer = must(block.map(Access::ReadWrite));
        const Mapping inner = must(block.map(Access::Read));
    }
    EXPECT_EQ(heap->stats().syncs, 6u);
    EXPECT_EQ(heap->stats().syncsSaved, 2u);
    EXPECT_EQ(heap->stats().used, 0u);
}

TEST_P(WrapOfDmaBufs, AreTheSameMemoryForEverybodyWhoHasThem) {
    const UniqueFd fd = make(mebi);
    const Block one = must(heap->wrap(UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)), 0));
    const Block other = must(heap->wrap(UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)), 0));
    fill(one, 5);
    EXPECT_TRUE(isFilledWith(other, 5));
}

TEST_P(WrapOfDmaBufs, LeaveNothingBehind) {
    const size_t before = readBufinfo().size();
    {
        const Block block = must(heap->wrap(make(mebi), 0));
        fill(block, 1);
        EXPECT_EQ(readBufinfo().size(), before + 1);
    }
    EXPECT_EQ(readBufinfo().size(), before) << "neither kept for reuse nor held";
}

TEST_P(WrapOfDmaBufs, SmallerThanAskedForAreRefused) {
    EXPECT_EQ(heap->wrap(make(mebi), mebi + 1).error().code, EINVAL);
}

// udmabuf makes no such descriptors.
TEST(WrapOfAReadOnlyDmaBuf, IsReadOnly) {
    const auto heap = must(Heap::open("memfd,size=16M"));
    const Block block = must(heap->wrap(fromSystemHeap(mebi, O_RDONLY), 0));
    EXPECT_TRUE(block.isDmaBuf());
    EXPECT_FALSE(block.isWritable());
    EXPECT_EQ(block.beginAccess(Access::Write).error().code, EACCES);
    const Mapping mapping = must(block.map(Access::Read));
    EXPECT_EQ(static_cast<const uint8_t*>(mapping.data())[mebi - 1], 0);
}

// What the manual says of read-only descriptors, shown by the kernel itself.
TEST(ReadOnlyExport, OfADmaBufHoldsWhereItWasMadeReadOnly) {
    const auto heap = must(Heap::open("memfd,size=16M"));
    const Block block = must(heap->wrap(fromSystemHeap(mebi, O_RDONLY), 0));
    const UniqueFd fd = must(block.exportReadOnlyFd());
    EXPECT_EQ(::mmap(nullptr, mebi, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0), MAP_FAILED);
    EXPECT_EQ(errno, EACCES);
    const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
    EXPECT_LT(::open(path.c_str(), O_RDWR | O_CLOEXEC), 0);
    EXPECT_EQ(errno, ENXIO) << "a DMA-BUF cannot be opened anew, for reading or for writing";
    EXPECT_LT(::open(path.c_str(), O_RDONLY | O_CLOEXEC), 0);
}

TEST(ReadOnlyExport, OfADmaBufThatCanBeWrittenToIsRefused) {
    for (const char* source : {"udmabuf,size=16M", "dma-heap:system,size=16M"}) {
        const auto heap = must(Heap::open(source));
        const Block block = must(heap->allocate(mebi));
        EXPECT_EQ(block.exportReadOnlyFd().error().code, EOPNOTSUPP) << source;
    }
}

TEST(ReadOnlyExport, OfAMemfdHoldsHoweverItIsOpened) {
    const auto heap = must(Heap::open("memfd,size=16M"));
    const Block block = must(heap->allocate(mebi));
    const UniqueFd fd = must(block.exportReadOnlyFd());
    const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
    const UniqueFd again(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_TRUE(again.isValid());
    EXPECT_EQ(::mmap(nullptr, mebi, PROT_READ | PROT_WRITE, MAP_SHARED, again.get(), 0),
              MAP_FAILED);
    EXPECT_EQ(errno, EPERM);
}

} // namespace
} // namespace mediaheap::test
