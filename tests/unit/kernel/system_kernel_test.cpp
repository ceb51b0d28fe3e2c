// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The system's calls: results as they are, errors as negative errno values.
#include "kernel/system_kernel.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include <mediaheap/unique_fd.h>

#include "fault_kernel.h"
#include "kernel/retry.h"
#include "kernel_override.h"
#include "leak_check.h"

namespace mediaheap {
namespace {

class SystemKernelTest : public testing::Test {
protected:
    ~SystemKernelTest() override { EXPECT_EQ(leaks_.difference(), ""); }

    static bool isClosedOnExec(const UniqueFd& fd) {
        return (::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0;
    }

private:
    const test::LeakCheck leaks_;

protected:
    SystemKernel kernel;
};

TEST_F(SystemKernelTest, OpensAndReads) {
    const UniqueFd zero(kernel.open("/dev/zero", O_RDONLY));
    ASSERT_TRUE(zero.isValid());
    EXPECT_TRUE(isClosedOnExec(zero)) << "asked for or not";
    char bytes[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    EXPECT_EQ(kernel.read(zero.get(), bytes, sizeof bytes), 8);
    EXPECT_EQ(bytes[7], 0);
}

TEST_F(SystemKernelTest, DescribesSeeksAndControls) {
    const UniqueFd file(kernel.memfdCreate("described", 0));
    ASSERT_EQ(kernel.truncate(file.get(), 12345), 0);
    FileInfo info;
    ASSERT_EQ(kernel.describe(file.get(), info), 0);
    EXPECT_TRUE(S_ISREG(info.mode));
    EXPECT_EQ(info.size, 12345u);
    EXPECT_EQ(kernel.seek(file.get(), 0, SEEK_END), 12345);
    EXPECT_EQ(kernel.control(file.get(), F_SETFD, 0), 0);
    EXPECT_FALSE(isClosedOnExec(file));
    EXPECT_EQ(kernel.describe(-1, info), -EBADF);
    EXPECT_EQ(kernel.seek(-1, 0, SEEK_END), -EBADF);
    EXPECT_EQ(kernel.control(-1, F_GETFD, 0), -EBADF);
}

TEST_F(SystemKernelTest, AnswersWithNegativeErrno) {
    char byte = 0;
    void* address = nullptr;
    NodeInfo info;
    std::vector<std::string> names;
    EXPECT_EQ(kernel.open("/no/such/node", O_RDONLY), -ENOENT);
    EXPECT_EQ(kernel.duplicate(-1), -EBADF);
    EXPECT_EQ(kernel.read(-1, &byte, 1), -EBADF);
    EXPECT_EQ(kernel.ioctl(-1, 0, nullptr), -EBADF);
    EXPECT_EQ(kernel.memfdCreate("x", ~0u), -EINVAL);
    EXPECT_EQ(kernel.truncate(-1, 1), -EBADF);
    EXPECT_EQ(kernel.addSeals(-1, F_SEAL_SEAL), -EBADF);
    EXPECT_EQ(kernel.allocateRange(-1, 0, 0, 1), -EBADF);
    EXPECT_EQ(kernel.map(nullptr, 1, PROT_READ, MAP_SHARED, -1, &address), -EBADF);
    EXPECT_EQ(kernel.unmap(reinterpret_cast<void*>(1), 1), -EINVAL);
    EXPECT_EQ(kernel.advise(reinterpret_cast<void*>(1), 1, MADV_DONTFORK), -EINVAL);
    EXPECT_EQ(kernel.stat("/no/such/node", info), -ENOENT);
    EXPECT_EQ(kernel.listDirectory("/no/such/directory", names), -ENOENT);
    EXPECT_EQ(address, nullptr);
    EXPECT_TRUE(names.empty());
}

TEST_F(SystemKernelTest, MakesMemfdsThatCanBeSizedSealedAndMapped) {
    const size_t size = 4 * kernel.pageSize();
    const UniqueFd fd(kernel.memfdCreate("system-kernel", MFD_ALLOW_SEALING));
    ASSERT_TRUE(fd.isValid());
    EXPECT_TRUE(isClosedOnExec(fd)) << "asked for or not";
    EXPECT_EQ(kernel.truncate(fd.get(), size), 0);
    EXPECT_EQ(kernel.addSeals(fd.get(), F_SEAL_SHRINK), 0);
    EXPECT_EQ(kernel.truncate(fd.get(), 0), -EPERM);
    EXPECT_EQ(kernel.allocateRange(fd.get(), 0, 0, size), 0);

    void* address = nullptr;
    ASSERT_EQ(kernel.map(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), &address), 0);
    std::memset(address, 0x5a, size);
    EXPECT_EQ(kernel.advise(address, size, MADV_DONTFORK), 0);
    EXPECT_EQ(kernel.allocateRange(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, size),
              0);
    EXPECT_EQ(static_cast<char*>(address)[0], 0);
    EXPECT_EQ(kernel.unmap(address, size), 0);
}

TEST_F(SystemKernelTest, DuplicatesOntoTheSameFile) {
    const UniqueFd fd(kernel.memfdCreate("original", 0));
    const UniqueFd copy(kernel.duplicate(fd.get()));
    ASSERT_TRUE(copy.isValid());
    EXPECT_TRUE(isClosedOnExec(copy));
    struct ::stat first {};
    struct ::stat second {};
    ASSERT_EQ(::fstat(fd.get(), &first), 0);
    ASSERT_EQ(::fstat(copy.get(), &second), 0);
    EXPECT_EQ(first.st_ino, second.st_ino);
}

TEST_F(SystemKernelTest, TellsWhoANodeBelongsTo) {
    NodeInfo info;
    ASSERT_EQ(kernel.stat("/dev/null", info), 0);
    EXPECT_TRUE(S_ISCHR(info.mode));
    EXPECT_EQ(info.uid, 0u);
}

TEST_F(SystemKernelTest, ListsADirectoryWithoutItselfAndItsParent) {
    std::vector<std::string> names;
    ASSERT_EQ(kernel.listDirectory("/proc/self", names), 0);
    EXPECT_NE(std::find(names.begin(), names.end(), "fdinfo"), names.end());
    EXPECT_EQ(std::find(names.begin(), names.end(), "."), names.end());
    EXPECT_EQ(std::find(names.begin(), names.end(), ".."), names.end());
}

TEST_F(SystemKernelTest, KnowsThePageSizeAndTheMemory) {
    EXPECT_EQ(kernel.pageSize(), static_cast<size_t>(::getpagesize()));
    EXPECT_GT(kernel.physicalMemory(), 16u << 20);
    EXPECT_EQ(kernel.physicalMemory() % kernel.pageSize(), 0u);
}

// ---- The kernel in force.

TEST(KernelInForce, IsTheSystemsUnlessReplaced) {
    EXPECT_EQ(&Kernel::current(), &Kernel::system());
    test::FaultKernel first(Kernel::system());
    {
        const test::KernelOverride outer(first);
        EXPECT_EQ(&Kernel::current(), &first);
        test::FaultKernel second(Kernel::system());
        {
            const test::KernelOverride inner(second);
            EXPECT_EQ(&Kernel::current(), &second);
        }
        EXPECT_EQ(&Kernel::current(), &first);
    }
    EXPECT_EQ(&Kernel::current(), &Kernel::system());
}

// ---- Interrupted calls.

TEST(Uninterrupted, RepeatsWhatASignalInterrupted) {
    int calls = 0;
    EXPECT_EQ(uninterrupted([&] { return ++calls < 4 ? -EINTR : 7; }), 7);
    EXPECT_EQ(calls, 4);
}

TEST(Uninterrupted, RepeatsNothingElse) {
    int calls = 0;
    EXPECT_EQ(uninterrupted([&] {
                  ++calls;
                  return -EAGAIN;
              }),
              -EAGAIN);
    EXPECT_EQ(calls, 1);
}

} // namespace
} // namespace mediaheap
