// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the library takes for granted about DMA-BUFs. Runs on the real exporters in the virtual
// machine, and on their emulation everywhere else.
#include "exporter_facts.h"

#include <algorithm>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <map>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>

#include <mediaheap/unique_fd.h>

#include "kernel/kernel.h"

namespace mediaheap::test {
namespace {

constexpr uint64_t mebi = 1 << 20;
constexpr uint64_t start = DMA_BUF_SYNC_START;
constexpr uint64_t end = DMA_BUF_SYNC_END;
constexpr uint64_t reading = DMA_BUF_SYNC_READ;
constexpr uint64_t both = DMA_BUF_SYNC_RW;

Kernel& kernel() { return exporterKernel(); }
size_t page() { return kernel().pageSize(); }

int sync(int fd, uint64_t flags) {
    dma_buf_sync request{};
    request.flags = flags;
    return kernel().ioctl(fd, DMA_BUF_IOCTL_SYNC, &request);
}

int setName(int fd, const std::string& name) {
    return kernel().ioctl(fd, DMA_BUF_SET_NAME, const_cast<char*>(name.c_str()));
}

/// The lines `key:	value` of /proc/self/fdinfo.
std::map<std::string, std::string> fdinfo(int fd) {
    const UniqueFd file(
        kernel().open(("/proc/self/fdinfo/" + std::to_string(fd)).c_str(), O_RDONLY | O_CLOEXEC));
    char buffer[4096];
    const ssize_t size = kernel().read(file.get(), buffer, sizeof buffer);
    EXPECT_GT(size, 0);
    std::istringstream text(std::string(buffer, static_cast<size_t>(std::max<ssize_t>(size, 0))));
    std::map<std::string, std::string> values;
    for (std::string line; std::getline(text, line);) {
        const size_t colon = line.find(":\t");
        if (colon != std::string::npos)
            values[line.substr(0, colon)] = line.substr(colon + 2);
    }
    return values;
}

long countOf(int fd) { return std::strtol(fdinfo(fd)["count"].c_str(), nullptr, 10); }

void* mapShared(int fd, size_t size) {
    void* address = nullptr;
    EXPECT_EQ(kernel().map(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, &address), 0);
    return address;
}

void unmap(void* address, size_t size) { EXPECT_EQ(kernel().unmap(address, size), 0); }

off_t sizeOf(int fd) {
    struct ::stat status {};
    EXPECT_EQ(::fstat(fd, &status), 0);
    return status.st_size;
}

// ---- Any DMA-BUF.

class AnyDmaBuf : public testing::TestWithParam<const char*> {
protected:
    UniqueFd buffer{newDmaBuf(GetParam(), mebi)};
};

INSTANTIATE_TEST_SUITE_P(Exporters, AnyDmaBuf, testing::Values("udmabuf", "system"),
                         [](const auto& row) { return std::string(row.param); });

TEST_P(AnyDmaBuf, IsZeroedAtFirst) {
    auto* const data = static_cast<unsigned char*>(mapShared(buffer.get(), mebi));
    EXPECT_EQ(data[0], 0);
    EXPECT_EQ(std::memcmp(data, data + 1, mebi - 1), 0);
    unmap(data, mebi);
}

TEST_P(AnyDmaBuf, IsClosedOnExec) {
    EXPECT_EQ(::fcntl(buffer.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST_P(AnyDmaBuf, TellsItsSize) { EXPECT_EQ(sizeOf(buffer.get()), off_t{mebi}); }

TEST_P(AnyDmaBuf, TellsWhoItIsInFdinfo) {
    auto info = fdinfo(buffer.get());
    EXPECT_EQ(info["size"], "1048576");
    EXPECT_EQ(info["exp_name"], GetParam());
    EXPECT_EQ(info.count("name"), 0u);
}

TEST_P(AnyDmaBuf, CountsDescriptorsAndMappings) {
    EXPECT_EQ(countOf(buffer.get()), 1);
    void* const first = mapShared(buffer.get(), mebi);
    EXPECT_EQ(countOf(buffer.get()), 2);
    void* const second = mapShared(buffer.get(), page());
    EXPECT_EQ(countOf(buffer.get()), 3);
    {
        const UniqueFd copy(kernel().duplicate(buffer.get()));
        EXPECT_EQ(countOf(buffer.get()), 4);
        EXPECT_EQ(countOf(copy.get()), 4);
    }
    unmap(first, mebi);
    unmap(second, page());
    EXPECT_EQ(countOf(buffer.get()), 1);
}

TEST_P(AnyDmaBuf, CountsBothHalvesOfASplitMapping) {
    auto* const data = static_cast<char*>(mapShared(buffer.get(), mebi));
    unmap(data + mebi / 2, page());
    EXPECT_EQ(countOf(buffer.get()), 3);
    unmap(data, mebi / 2);
    unmap(data + mebi / 2 + page(), mebi / 2 - page());
    EXPECT_EQ(countOf(buffer.get()), 1);
}

TEST_P(AnyDmaBuf, TakesANameOf31BytesAtMost) {
    EXPECT_EQ(setName(buffer.get(), std::string(31, 'n')), 0);
    EXPECT_EQ(fdinfo(buffer.get())["name"], std::string(31, 'n'));
    EXPECT_EQ(setName(buffer.get(), std::string(32, 'n')), -EINVAL);
    EXPECT_EQ(setName(buffer.get(), "another"), 0);
    EXPECT_EQ(fdinfo(buffer.get())["name"], "another");
}

TEST_P(AnyDmaBuf, SyncsInPairsThatNest) {
    EXPECT_EQ(sync(buffer.get(), start | both), 0);
    EXPECT_EQ(sync(buffer.get(), start | reading), 0);
    EXPECT_EQ(sync(buffer.get(), end | reading), 0);
    EXPECT_EQ(sync(buffer.get(), end | both), 0);
}

TEST_P(AnyDmaBuf, RefusesASyncWithoutADirectionOrWithUnknownFlags) {
    EXPECT_EQ(sync(buffer.get(), start), -EINVAL);
    EXPECT_EQ(sync(buffer.get(), end), -EINVAL);
    EXPECT_EQ(sync(buffer.get(), start | both | 1u << 5), -EINVAL);
}

TEST_P(AnyDmaBuf, RefusesAMappingBeyondItsEnd) {
    void* address = nullptr;
    EXPECT_EQ(kernel().map(nullptr, mebi + page(), PROT_READ, MAP_SHARED, buffer.get(), &address),
              -EINVAL);
}

TEST_P(AnyDmaBuf, CannotBeResizedOrSealed) {
    EXPECT_LT(kernel().truncate(buffer.get(), page()), 0);
    EXPECT_LT(kernel().addSeals(buffer.get(), F_SEAL_SHRINK), 0);
    EXPECT_LT(kernel().allocateRange(buffer.get(), 0, 0, page()), 0);
}

TEST_P(AnyDmaBuf, KnowsNoOtherIoctl) {
    int argument = 0;
    EXPECT_EQ(kernel().ioctl(buffer.get(), _IOWR('b', 99, int), &argument), -ENOTTY);
}

TEST_P(AnyDmaBuf, KeepsItsMemoryForAMappingAfterItsDescriptorIsClosed) {
    auto* const data = static_cast<char*>(mapShared(buffer.get(), mebi));
    buffer.reset();
    data[mebi - 1] = 42;
    EXPECT_EQ(data[mebi - 1], 42);
    unmap(data, mebi);
}

// ---- udmabuf.

constexpr int shrinkSeal = F_SEAL_SHRINK;

TEST(Udmabuf, SharesTheMemfdsPages) {
    const UniqueFd memfd = memfdOf(4 * mebi, shrinkSeal | F_SEAL_GROW | F_SEAL_SEAL);
    const UniqueFd buffer(createUdmabuf(memfd, mebi, mebi));
    ASSERT_TRUE(buffer.isValid());
    auto* const arena = static_cast<char*>(mapShared(memfd.get(), 4 * mebi));
    auto* const data = static_cast<char*>(mapShared(buffer.get(), mebi));
    arena[mebi] = 1;
    data[mebi - 1] = 2;
    EXPECT_EQ(data[0], 1);
    EXPECT_EQ(arena[2 * mebi - 1], 2);
    unmap(data, mebi);
    unmap(arena, 4 * mebi);
}

TEST(Udmabuf, MayOverlapAnother) {
    const UniqueFd memfd = memfdOf(4 * mebi, shrinkSeal);
    const UniqueFd first(createUdmabuf(memfd, 0, 2 * mebi));
    const UniqueFd second(createUdmabuf(memfd, mebi, 2 * mebi));
    auto* const low = static_cast<char*>(mapShared(first.get(), 2 * mebi));
    auto* const high = static_cast<char*>(mapShared(second.get(), 2 * mebi));
    low[mebi] = 7;
    EXPECT_EQ(high[0], 7);
    unmap(low, 2 * mebi);
    unmap(high, 2 * mebi);
}

TEST(Udmabuf, OutlivesItsMemfd) {
    UniqueFd memfd = memfdOf(mebi, shrinkSeal);
    const UniqueFd buffer(createUdmabuf(memfd, 0, mebi));
    memfd.reset();
    auto* const data = static_cast<char*>(mapShared(buffer.get(), mebi));
    data[0] = 9;
    EXPECT_EQ(data[0], 9);
    EXPECT_EQ(sync(buffer.get(), start | both), 0);
    EXPECT_EQ(sync(buffer.get(), end | both), 0);
    unmap(data, mebi);
}

TEST(Udmabuf, RefusesAnEndBeforeAnyStart) {
    const UniqueFd memfd = memfdOf(mebi, shrinkSeal);
    const UniqueFd buffer(createUdmabuf(memfd, 0, mebi));
    EXPECT_EQ(sync(buffer.get(), end | both), -EINVAL);
    EXPECT_EQ(sync(buffer.get(), start | reading), 0);
    EXPECT_EQ(sync(buffer.get(), end | reading), 0);
    EXPECT_EQ(sync(buffer.get(), end | both), 0) << "one START is enough for ever";
}

TEST(Udmabuf, RefusesAPrivateMapping) {
    const UniqueFd memfd = memfdOf(mebi, shrinkSeal);
    const UniqueFd buffer(createUdmabuf(memfd, 0, mebi));
    void* address = nullptr;
    EXPECT_EQ(kernel().map(nullptr, mebi, PROT_READ, MAP_PRIVATE, buffer.get(), &address), -EINVAL);
}

TEST(Udmabuf, RefusesWhatIsNotWholePages) {
    const UniqueFd memfd = memfdOf(4 * mebi, shrinkSeal);
    EXPECT_EQ(createUdmabuf(memfd, 100, mebi), -EINVAL);
    EXPECT_EQ(createUdmabuf(memfd, 0, mebi + 1), -EINVAL);
    EXPECT_EQ(createUdmabuf(memfd, 0, 0), -EINVAL);
}

TEST(Udmabuf, RefusesWhatLiesBeyondTheMemfd) {
    const UniqueFd memfd = memfdOf(4 * mebi, shrinkSeal);
    EXPECT_EQ(createUdmabuf(memfd, 4 * mebi, page()), -EINVAL);
    EXPECT_EQ(createUdmabuf(memfd, 3 * mebi, 2 * mebi), -EINVAL);
}

TEST(Udmabuf, RefusesMoreThan64MiBInOnePiece) {
    const UniqueFd memfd = memfdOf(96 * mebi, shrinkSeal);
    EXPECT_EQ(createUdmabuf(memfd, 0, 64 * mebi + page()), -EINVAL);
    const UniqueFd buffer(createUdmabuf(memfd, 0, 64 * mebi));
    EXPECT_TRUE(buffer.isValid());
}

TEST(Udmabuf, NeedsASealAgainstShrinkingAndNoneAgainstWriting) {
    EXPECT_EQ(createUdmabuf(memfdOf(mebi, 0), 0, mebi), -EINVAL);
    EXPECT_EQ(createUdmabuf(memfdOf(mebi, shrinkSeal | F_SEAL_WRITE), 0, mebi), -EINVAL);
}

TEST(Udmabuf, NeedsAMemfd) {
    const UniqueFd memfd = memfdOf(mebi, shrinkSeal);
    const UniqueFd buffer(createUdmabuf(memfd, 0, mebi));
    EXPECT_EQ(createUdmabuf(buffer.get(), 0, mebi), -EBADFD);
    EXPECT_EQ(createUdmabuf(-1, 0, mebi), -EBADFD);
}

// ---- dma-heap.

TEST(DmaHeap, RoundsUpToWholePages) {
    dma_heap_allocation_data request = heapRequest(page() + 1);
    ASSERT_EQ(allocateFrom("system", request), 0);
    const UniqueFd buffer(static_cast<int>(request.fd));
    EXPECT_EQ(sizeOf(buffer.get()), static_cast<off_t>(2 * page()));
}

TEST(DmaHeap, RefusesLengthZero) {
    dma_heap_allocation_data request = heapRequest(0);
    EXPECT_EQ(allocateFrom("system", request), -EINVAL);
}

TEST(DmaHeap, RefusesWhatIsNotZeroInTheRequestOrUnknown) {
    dma_heap_allocation_data withFd = heapRequest(mebi);
    withFd.fd = 1;
    EXPECT_EQ(allocateFrom("system", withFd), -EINVAL);
    dma_heap_allocation_data withFlags = heapRequest(mebi);
    withFlags.heap_flags = 1;
    EXPECT_EQ(allocateFrom("system", withFlags), -EINVAL);
    dma_heap_allocation_data withAppend = heapRequest(mebi);
    withAppend.fd_flags |= O_APPEND;
    EXPECT_EQ(allocateFrom("system", withAppend), -EINVAL);
}

TEST(DmaHeap, LetsADescriptorForReadingBeMappedForReadingOnly) {
    dma_heap_allocation_data request = heapRequest(mebi);
    request.fd_flags = O_RDONLY | O_CLOEXEC;
    ASSERT_EQ(allocateFrom("system", request), 0);
    const UniqueFd buffer(static_cast<int>(request.fd));
    void* address = nullptr;
    EXPECT_EQ(
        kernel().map(nullptr, mebi, PROT_READ | PROT_WRITE, MAP_SHARED, buffer.get(), &address),
        -EACCES);
    ASSERT_EQ(kernel().map(nullptr, mebi, PROT_READ, MAP_SHARED, buffer.get(), &address), 0);
    unmap(address, mebi);
}

TEST(DmaHeap, TakesAnEndBeforeAnyStart) {
    const UniqueFd buffer(newDmaBuf("system", mebi));
    EXPECT_EQ(sync(buffer.get(), end | both), 0);
}

TEST(DmaHeap, IsOneNodeForEachHeap) {
    std::vector<std::string> names;
    ASSERT_EQ(kernel().listDirectory("/dev/dma_heap", names), 0);
    EXPECT_NE(std::find(names.begin(), names.end(), "system"), names.end());
    EXPECT_EQ(kernel().open("/dev/dma_heap/no-such-heap", O_RDONLY), -ENOENT);
}

} // namespace

} // namespace mediaheap::test
