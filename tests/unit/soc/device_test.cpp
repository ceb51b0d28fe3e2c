// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Simulated devices, as programs drive them.
#include <mediaheap/simulated/device.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "captured_log.h"
#include "heap_test.h"

namespace mediaheap {
namespace {

using simulated::Device;
using simulated::Operation;
using simulated::Violation;
using simulated::ViolationKind;
using test::must;
using testing::AllOf;
using testing::HasSubstr;

class DeviceTest : public test::HeapTest {
protected:
    static Operation fillOf(const Block& block, uint8_t value) {
        Operation operation;
        operation.kind = Operation::Kind::Fill;
        operation.fd = block.fd();
        operation.size = block.size();
        operation.value = value;
        return operation;
    }

    static bool isDone(const UniqueFd& fence, int milliseconds = 0) {
        pollfd polled{fence.get(), POLLIN, 0};
        return ::poll(&polled, 1, milliseconds) == 1;
    }
};

TEST_F(DeviceTest, WorksOnWhatTheCpuWrote) {
    const auto heap = open("simulated,size=1M");
    const Block block = allocate(heap, page);
    fill(block, 0x0f);
    Device device("npu");
    must(device.invert(block.fd(), 0, block.size()));
    EXPECT_TRUE(isFilledWith(block, 0xf0));
    EXPECT_THAT(heap->takeViolations(), testing::IsEmpty());
}

TEST_F(DeviceTest, ReadsAndWritesParts) {
    const auto heap = open("simulated,size=1M");
    const Block block = allocate(heap, page);
    fill(block, 0);
    Device device("dma");
    must(device.write(block.fd(), 100, "hello", 5));
    char text[6] = {};
    must(device.read(block.fd(), 100, text, 5));
    EXPECT_STREQ(text, "hello");
    const Mapping mapping = must(block.map(Access::Read, 100, 5));
    EXPECT_EQ(std::memcmp(mapping.data(), "hello", 5), 0);
}

TEST_F(DeviceTest, ChecksumsAsZlibDoes) {
    const auto heap = open("simulated,size=1M");
    const Block block = allocate(heap, page);
    Device device("crypto");
    must(device.write(block.fd(), 0, "123456789", 9));
    EXPECT_EQ(must(device.checksum(block.fd(), 0, 9)), 0xcbf43926u);
}

TEST_F(DeviceTest, CopiesBetweenBlocksAndWithinOne) {
    const auto heap = open("simulated,size=1M");
    const Block from = allocate(heap, page);
    const Block to = allocate(heap, page);
    Device device("dma");
    must(device.write(from.fd(), 0, "abcdefgh", 8));
    must(device.copy(from.fd(), 0, to.fd(), 64, 8));
    must(device.copy(from.fd(), 0, from.fd(), 4, 8));
    char text[13] = {};
    must(device.read(to.fd(), 64, text, 8));
    EXPECT_STREQ(text, "abcdefgh");
    must(device.read(from.fd(), 0, text, 12));
    EXPECT_STREQ(text, "abcdabcdefgh");
}

TEST_F(DeviceTest, ReachesABlockByAnyDuplicateOfItsDescriptor) {
    const auto heap = open("simulated,size=1M");
    const Block block = allocate(heap, page);
    const UniqueFd exported = must(block.exportFd());
    Device device("npu");
    must(device.fill(exported.get(), 0, page, 7));
    EXPECT_TRUE(isFilledWith(block, 7));
}

TEST_F(DeviceTest, SeesAnUncachedBlockAsTheCpuDoes) {
    const auto heap = open("simulated,size=1M");
    AllocOptions options;
    options.cached = false;
    const Block block = allocate(heap, page, options);
    EXPECT_FALSE(block.isCached());
    static_cast<char*>(block.data())[0] = 'x'; // no access, and none is needed
    Device device("npu");
    char seen = 0;
    must(device.read(block.fd(), 0, &seen, 1));
    EXPECT_EQ(seen, 'x');
    EXPECT_EQ(heap->stats().violations, 0u);
}

TEST_F(DeviceTest, RefusesWhatItCannotReach) {
    fake.addUdmabuf();
    const auto heap = open("simulated,size=1M");
    const auto other = open("memfd,size=1M");
    const Block block = allocate(heap, page);
    const Block foreign = allocate(other, page);
    Device device("npu");
    EXPECT_EQ(device.fill(-1, 0, page, 0).error().code, EBADF);
    const Result<void> refused = device.fill(foreign.fd(), 0, page, 0);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, EOPNOTSUPP);
    EXPECT_THAT(refused.error().message(), AllOf(HasSubstr("simulated"), HasSubstr("allocate")));
    EXPECT_EQ(device.fill(block.fd(), 0, page + 1, 0).error().code, EINVAL);
    EXPECT_EQ(device.fill(block.fd(), page, 1, 0).error().code, EINVAL);
    EXPECT_EQ(device.fill(block.fd(), UINT64_MAX, 2, 0).error().code, EINVAL);
    EXPECT_EQ(device.fill(block.fd(), 1, UINT64_MAX, 0).error().code, EINVAL);
    EXPECT_EQ(device.fill(block.fd(), 0, 0, 0).error().code, EINVAL);
}

TEST_F(DeviceTest, SignalsItsFenceWhenItIsDone) {
    const auto heap = open("simulated,size=1M");
    const Block block = allocate(heap, page);
    Device device("encoder");
    device.pause();
    const UniqueFd fence = must(device.start(fillOf(block, 9)));
    EXPECT_FALSE(isDone(fence));
    device.resume();
    EXPECT_TRUE(isDone(fence, 10000));
    EXPECT_TRUE(isFilledWith(block, 9));
    EXPECT_NE(::fcntl(fence.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(DeviceTest, MakesTheCpuWaitUntilItIsDone) {
    const auto heap = open("simulated,size=1M");
    const Block block = allocate(heap, page);
    Device device("encoder");
    device.pause();
    const UniqueFd fence = must(device.start(fillOf(block, 9)));
    std::thread later([&device] { device.resume(); });
    EXPECT_TRUE(isFilledWith(block, 9)) << "the map waited, whichever thread came first";
    later.join();
    EXPECT_EQ(heap->stats().violations, 0u);
}

TEST_F(DeviceTest, ADeadlineThatPassesFailsTheMapAndLeavesNothingOpen) {
    const auto heap = open("simulated,size=1M,wait=20");
    const Block block = allocate(heap, page);
    Device device("encoder");
    device.pause();
    const UniqueFd fence = must(device.start(fillOf(block, 9)));
    const Result<Mapping> mapping = block.map(Access::Read);
    ASSERT_FALSE(mapping.ok());
    EXPECT_EQ(mapping.error().code, ETIMEDOUT);
    EXPECT_THAT(mapping.error().message(), AllOf(HasSubstr("20 ms"), HasSubstr("wait=")));
    EXPECT_FALSE(block.endAccess().ok());
}

TEST_F(DeviceTest, MemoryThatItStillWorksOnIsGivenToNobody) {
    const auto heap = open("simulated,size=1M");
    Block block = allocate(heap, page);
    Device device("encoder");
    device.pause();
    const UniqueFd fence = must(device.start(fillOf(block, 9)));
    block.reset();
    EXPECT_EQ(heap->stats().used, page) << "its place stays taken";
    device.resume();
    device.finish();
    EXPECT_EQ(heap->stats().used, 0u);
}

TEST_F(DeviceTest, ReportsAtTheStartWhatItCollidesWith) {
    const auto heap = open("simulated,size=1M");
    const Block block = allocate(heap, page, named("frame"));
    Device device("encoder");
    device.pause();
    must(block.beginAccess(Access::Write));
    const test::CapturedLog log;
    const UniqueFd fence = must(device.start(fillOf(block, 9)));
    must(block.endAccess());
    device.resume();
    device.finish();
    const std::vector<Violation> violations = heap->takeViolations(device.id());
    ASSERT_EQ(violations.size(), 1u) << "once, although it also collided when it was carried out";
    EXPECT_EQ(violations[0].kind, ViolationKind::DeviceWriteDuringAccess);
    EXPECT_EQ(violations[0].block, "frame");
    EXPECT_EQ(violations[0].size, page);
    EXPECT_LT(violations[0].cpu.sequence, violations[0].device.sequence);
    EXPECT_THAT(violations[0].summary(), AllOf(HasSubstr("'frame'"), HasSubstr("'encoder'")));
    EXPECT_THAT(violations[0].text(), HasSubstr("ReportsAtTheStart"));
}

TEST_F(DeviceTest, EachDeviceTakesItsOwnViolations) {
    const auto heap = open("simulated,size=1M");
    const Block block = allocate(heap, page);
    Device one("one");
    Device two("two");
    EXPECT_NE(one.id(), two.id());
    const test::CapturedLog log;
    static_cast<char*>(block.data())[0] = 1;
    must(one.checksum(block.fd(), 0, page));
    must(two.checksum(block.fd(), 0, page));
    EXPECT_EQ(heap->takeViolations(two.id()).size(), 1u);
    EXPECT_EQ(heap->takeViolations(two.id()).size(), 0u);
    EXPECT_EQ(heap->takeViolations().size(), 1u);
    EXPECT_EQ(heap->stats().violations, 2u) << "all that were seen";
}

} // namespace
} // namespace mediaheap
