// SPDX-License-Identifier: LGPL-2.1-or-later
#include "leak_check.h"

#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mediaheap/unique_fd.h>

namespace mediaheap::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(LeakCheck, FindsNothingWhereNothingHappened) {
    const LeakCheck leaks;
    EXPECT_EQ(leaks.difference(), "");
}

TEST(LeakCheck, FindsADescriptorLeftOpen) {
    const LeakCheck leaks;
    const UniqueFd fd(::memfd_create("left-open", MFD_CLOEXEC));
    EXPECT_THAT(leaks.difference(), StartsWith("+ fd " + std::to_string(fd.get())));
    EXPECT_THAT(leaks.difference(), HasSubstr("memfd:left-open"));
}

TEST(LeakCheck, FindsADescriptorClosedTooMuch) {
    UniqueFd fd(::memfd_create("closed", MFD_CLOEXEC));
    const LeakCheck leaks;
    fd.reset();
    EXPECT_THAT(leaks.difference(), StartsWith("- fd "));
}

TEST(LeakCheck, FindsADescriptorReplacedByAnother) {
    UniqueFd fd(::memfd_create("old", MFD_CLOEXEC));
    const LeakCheck leaks;
    const UniqueFd other(::memfd_create("new", MFD_CLOEXEC));
    ASSERT_EQ(::dup2(other.get(), fd.get()), fd.get());
    EXPECT_THAT(leaks.difference(), HasSubstr("memfd:new"));
    EXPECT_THAT(leaks.difference(), HasSubstr("memfd:old"));
}

TEST(LeakCheck, FindsAMappingLeftBehind) {
    const LeakCheck leaks;
    UniqueFd fd(::memfd_create("mapped", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(fd.get(), 8192), 0);
    void* const address = ::mmap(nullptr, 8192, PROT_READ, MAP_SHARED, fd.get(), 0);
    ASSERT_NE(address, MAP_FAILED);
    fd.reset();
    EXPECT_THAT(leaks.difference(), HasSubstr("+ mapping of 8192 bytes of /memfd:mapped"));
    ::munmap(address, 8192);
    EXPECT_EQ(leaks.difference(), "");
}

} // namespace
} // namespace mediaheap::test
