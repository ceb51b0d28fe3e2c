// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the emulation can do beyond the facts that it shares with the real exporters.
#include "fake_kernel.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <string>
#include <sys/mman.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mediaheap/unique_fd.h>

#include "leak_check.h"

namespace mediaheap::test {
namespace {

using testing::ElementsAre;

constexpr uint64_t start = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW;
constexpr uint64_t end = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;

class FakeKernelTest : public testing::Test {
protected:
    UniqueFd newBuffer(const std::string& heap, uint64_t size) {
        const UniqueFd device(kernel.open(("/dev/dma_heap/" + heap).c_str(), O_RDONLY));
        dma_heap_allocation_data request{};
        request.len = size;
        request.fd_flags = O_RDWR | O_CLOEXEC;
        const int result = kernel.ioctl(device.get(), DMA_HEAP_IOCTL_ALLOC, &request);
        return UniqueFd(result < 0 ? result : static_cast<int>(request.fd));
    }

    int sync(const UniqueFd& buffer, uint64_t flags) {
        dma_buf_sync request{};
        request.flags = flags;
        return kernel.ioctl(buffer.get(), DMA_BUF_IOCTL_SYNC, &request);
    }

    const LeakCheck leaks;
    FakeKernel kernel;
};

TEST_F(FakeKernelTest, HasNoNodesUnlessTheyAreAdded) {
    std::vector<std::string> names;
    NodeInfo info;
    EXPECT_EQ(kernel.open("/dev/udmabuf", O_RDWR), -ENOENT);
    EXPECT_EQ(kernel.stat("/dev/udmabuf", info), -ENOENT);
    EXPECT_EQ(kernel.listDirectory("/dev/dma_heap", names), -ENOENT);
    EXPECT_EQ(kernel.open("/sys/module/udmabuf/parameters/size_limit_mb", O_RDONLY), -ENOENT);
}

TEST_F(FakeKernelTest, ListsTheHeapsThatWereAdded) {
    kernel.addDmaHeap("linux,cma");
    kernel.addDmaHeap("system");
    kernel.addUdmabuf();
    std::vector<std::string> names;
    ASSERT_EQ(kernel.listDirectory("/dev/dma_heap", names), 0);
    EXPECT_THAT(names, ElementsAre("linux,cma", "system"));
}

TEST_F(FakeKernelTest, TellsWhoMayOpenANodeThatItRefuses) {
    kernel.addDmaHeap("system", {{0020640, 0, 44}, EACCES});
    EXPECT_EQ(kernel.open("/dev/dma_heap/system", O_RDONLY), -EACCES);
    NodeInfo info;
    ASSERT_EQ(kernel.stat("/dev/dma_heap/system", info), 0);
    EXPECT_EQ(info.mode, 0020640u);
    EXPECT_EQ(info.gid, 44u);
}

TEST_F(FakeKernelTest, CountsAnImporterUntilItLetsGo) {
    kernel.addDmaHeap("system");
    const UniqueFd buffer = newBuffer("system", 8192);
    FakeImporter importer = kernel.import(buffer.get());
    EXPECT_EQ(kernel.countOf(buffer.get()), 2);
    importer.detach();
    EXPECT_EQ(kernel.countOf(buffer.get()), 1);
    kernel.countOffset = 3;
    EXPECT_EQ(kernel.countOf(buffer.get()), 4);
}

TEST_F(FakeKernelTest, LetsAnImporterWriteTheMemory) {
    kernel.addDmaHeap("system");
    const UniqueFd buffer = newBuffer("system", 8192);
    void* address = nullptr;
    ASSERT_EQ(kernel.map(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, buffer.get(), &address),
              0);
    FakeImporter importer = kernel.import(buffer.get());
    importer.fill(0x5a);
    EXPECT_EQ(static_cast<unsigned char*>(address)[8191], 0x5a);
    static_cast<unsigned char*>(address)[8191] = 0;
    EXPECT_FALSE(importer.isFilledWith(0x5a));
    EXPECT_EQ(kernel.unmap(address, 8192), 0);
}

TEST_F(FakeKernelTest, FailsSyncsAsScripted) {
    kernel.addDmaHeap("system");
    const UniqueFd buffer = newBuffer("system", 4096);
    kernel.failSync(DMA_BUF_SYNC_START, EINTR, 2);
    kernel.failSync(DMA_BUF_SYNC_END, EIO);
    EXPECT_EQ(sync(buffer, start), -EINTR);
    EXPECT_EQ(sync(buffer, start), -EINTR);
    EXPECT_EQ(sync(buffer, start), 0);
    EXPECT_EQ(sync(buffer, end), -EIO);
    EXPECT_EQ(sync(buffer, end), 0);
    EXPECT_EQ(kernel.syncCalls().size(), 5u);
    EXPECT_THAT(kernel.syncFlags(buffer.get()), ElementsAre(start, end));
    kernel.forgetSyncCalls();
    EXPECT_TRUE(kernel.syncCalls().empty());
}

TEST_F(FakeKernelTest, RefusesNamesWhenTold) {
    kernel.addDmaHeap("system");
    kernel.namingError = EPERM;
    const UniqueFd buffer = newBuffer("system", 4096);
    std::string name = "camera";
    EXPECT_EQ(kernel.ioctl(buffer.get(), DMA_BUF_SET_NAME, name.data()), -EPERM);
    EXPECT_EQ(kernel.nameOf(buffer.get()), "");
}

TEST_F(FakeKernelTest, HasAsMuchHeapMemoryAsItIsGiven) {
    kernel.addDmaHeap("reserved");
    kernel.dmaHeapMemory = 16384;
    UniqueFd first = newBuffer("reserved", 12288);
    EXPECT_TRUE(first.isValid());
    EXPECT_FALSE(newBuffer("reserved", 8192).isValid());
    first.reset();
    EXPECT_TRUE(newBuffer("reserved", 16384).isValid());
}

TEST_F(FakeKernelTest, RoundsToThePageSizeOfItsMachine) {
    kernel.addDmaHeap("system");
    kernel.machinePageSize = 65536;
    EXPECT_EQ(kernel.pageSize(), 65536u);
    const UniqueFd buffer = newBuffer("system", 1);
    void* address = nullptr;
    ASSERT_EQ(kernel.map(nullptr, 65536, PROT_READ, MAP_SHARED, buffer.get(), &address), 0);
    EXPECT_EQ(kernel.unmap(address, 65536), 0);
}

TEST_F(FakeKernelTest, ForgetsBuffersThatNobodyHolds) {
    kernel.addDmaHeap("system");
    {
        const UniqueFd buffer = newBuffer("system", 4096);
        EXPECT_EQ(kernel.liveBuffers(), 1u);
        EXPECT_NE(leaks.difference(), "");
    }
    EXPECT_EQ(kernel.liveBuffers(), 0u);
    EXPECT_EQ(kernel.liveMappings(), 0u);
    EXPECT_EQ(leaks.difference(), "");
}

} // namespace
} // namespace mediaheap::test
