// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fault_kernel.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>

#include <gtest/gtest.h>

#include <mediaheap/unique_fd.h>

namespace mediaheap::test {
namespace {

class FaultKernelTest : public testing::Test {
protected:
    int open() { return UniqueFd(kernel.open("/dev/null", O_RDONLY)).isValid() ? 0 : -1; }

    FaultKernel kernel{Kernel::system()};
};

TEST_F(FaultKernelTest, PassesCallsOnAndCountsThem) {
    EXPECT_EQ(open(), 0);
    EXPECT_EQ(open(), 0);
    NodeInfo info;
    EXPECT_EQ(kernel.stat("/dev/null", info), 0);
    EXPECT_EQ(kernel.calls(), 3u);
    EXPECT_EQ(kernel.calls(Call::Open), 2u);
    EXPECT_EQ(kernel.calls(Call::Ioctl), 0u);
    EXPECT_EQ(kernel.fired(), "");
}

TEST_F(FaultKernelTest, FailsTheNthCallOnce) {
    EXPECT_EQ(open(), 0);
    kernel.failNth(2, EMFILE);
    EXPECT_EQ(open(), 0);
    EXPECT_EQ(kernel.duplicate(0), -EMFILE);
    EXPECT_EQ(kernel.fired(), "duplicate");
    EXPECT_EQ(open(), 0);
}

TEST_F(FaultKernelTest, FailsAKindOfCallFromThenOn) {
    kernel.failFrom(Call::Open, 2, ENFILE);
    EXPECT_EQ(open(), 0);
    EXPECT_EQ(kernel.open("/dev/null", O_RDONLY), -ENFILE);
    EXPECT_EQ(kernel.open("/dev/null", O_RDONLY), -ENFILE);
    NodeInfo info;
    EXPECT_EQ(kernel.stat("/dev/null", info), 0);
    kernel.clearFaults();
    EXPECT_EQ(open(), 0);
}

TEST_F(FaultKernelTest, KeepsBookOfMappings) {
    void* address = nullptr;
    const size_t size = 4 * kernel.pageSize();
    ASSERT_EQ(kernel.map(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, &address), 0);
    EXPECT_EQ(kernel.liveMappings(), 1u);
    EXPECT_EQ(kernel.unmap(static_cast<char*>(address) + size / 4, size / 4), 0);
    EXPECT_EQ(kernel.liveMappings(), 2u);
    EXPECT_NE(kernel.mappingsLeft(), "");
    EXPECT_EQ(kernel.unmap(address, size), 0);
    EXPECT_EQ(kernel.mappingsLeft(), "");
}

TEST_F(FaultKernelTest, UnmapsEvenWhenItSaysOtherwise) {
    void* address = nullptr;
    const size_t size = kernel.pageSize();
    ASSERT_EQ(kernel.map(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, &address), 0);
    kernel.failNth(1, ENOMEM);
    EXPECT_EQ(kernel.unmap(address, size), -ENOMEM);
    EXPECT_EQ(kernel.liveMappings(), 0u);
}

} // namespace
} // namespace mediaheap::test
