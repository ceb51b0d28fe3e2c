// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

#include <mediaheap/unique_fd.h>

#include "leak_check.h"

namespace mediaheap {
namespace {

int newFd() { return ::memfd_create("unique-fd", MFD_CLOEXEC); }
bool isOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFd, OwnsNothingAtFirst) {
    const UniqueFd fd;
    EXPECT_FALSE(fd.isValid());
    EXPECT_EQ(fd.get(), -1);
}

TEST(UniqueFd, TakesAnyNegativeNumberForNone) {
    const UniqueFd fd(-ENOENT);
    EXPECT_FALSE(fd.isValid());
    EXPECT_EQ(fd.get(), -1);
}

TEST(UniqueFd, ClosesAtItsEnd) {
    const test::LeakCheck leaks;
    const int number = newFd();
    {
        const UniqueFd fd(number);
        EXPECT_TRUE(isOpen(number));
    }
    EXPECT_FALSE(isOpen(number));
    EXPECT_EQ(leaks.difference(), "");
}

TEST(UniqueFd, MovesItsDescriptor) {
    const int number = newFd();
    UniqueFd first(number);
    UniqueFd second(std::move(first));
    EXPECT_FALSE(first.isValid());
    EXPECT_EQ(second.get(), number);
    EXPECT_TRUE(isOpen(number));
}

TEST(UniqueFd, ClosesWhatAnAssignmentReplaces) {
    const int oldNumber = newFd();
    const int newNumber = newFd();
    UniqueFd fd(oldNumber);
    fd = UniqueFd(newNumber);
    EXPECT_FALSE(isOpen(oldNumber));
    EXPECT_TRUE(isOpen(newNumber));
}

TEST(UniqueFd, SurvivesAssignmentToItself) {
    UniqueFd fd(newFd());
    const int number = fd.get();
    UniqueFd& same = fd;
    fd = std::move(same);
    EXPECT_EQ(fd.get(), number);
    EXPECT_TRUE(isOpen(number));
}

TEST(UniqueFd, ReleasesWithoutClosing) {
    UniqueFd fd(newFd());
    const int number = fd.release();
    EXPECT_FALSE(fd.isValid());
    EXPECT_TRUE(isOpen(number));
    ::close(number);
}

TEST(UniqueFd, KeepsErrnoWhenItCloses) {
    UniqueFd bad(1 << 20); // close() answers EBADF
    errno = ENOMEM;
    bad.reset();
    EXPECT_EQ(errno, ENOMEM);
}

TEST(UniqueFd, TakesZeroForADescriptor) {
    const int saved = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    const UniqueFd other(newFd());
    ASSERT_EQ(::dup2(other.get(), STDIN_FILENO), STDIN_FILENO);
    {
        const UniqueFd fd(STDIN_FILENO);
        EXPECT_TRUE(fd.isValid());
        EXPECT_EQ(fd.get(), 0);
    }
    EXPECT_FALSE(isOpen(STDIN_FILENO));
    if (saved >= 0) {
        ::dup2(saved, STDIN_FILENO);
        ::close(saved);
    }
}

} // namespace
} // namespace mediaheap
