// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where the tables lie, and why nobody else can have put anything there.
#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "tables/runtime_directory.h"
#include "tables_test.h"

namespace mediaheap {
namespace {

using test::EnvironmentVariable;
using test::TablesTest;
using testing::HasSubstr;

class RuntimeDirectoryTest : public TablesTest {
protected:
    int refusal() {
        const auto opened = RuntimeDirectory::open(files);
        return opened ? 0 : opened.error().code;
    }
};

TEST_F(RuntimeDirectoryTest, IsTheOneThatTheVariableNames) {
    EXPECT_EQ(RuntimeDirectory::path(files), directory);
}

TEST_F(RuntimeDirectoryTest, IsNoneWhereTheVariableSaysOff) {
    const EnvironmentVariable off("MEDIAHEAP_RUNTIME_DIR", "off");
    EXPECT_EQ(RuntimeDirectory::path(files), "");
    EXPECT_EQ(refusal(), ENOENT);
}

TEST_F(RuntimeDirectoryTest, IsInTheSessionsOwnElse) {
    const EnvironmentVariable unset("MEDIAHEAP_RUNTIME_DIR", nullptr);
    const EnvironmentVariable session("XDG_RUNTIME_DIR", "/run/user/1000");
    EXPECT_EQ(RuntimeDirectory::path(files), "/run/user/1000/mediaheap");
}

TEST_F(RuntimeDirectoryTest, TakesNoRelativeSessionDirectory) {
    const EnvironmentVariable unset("MEDIAHEAP_RUNTIME_DIR", nullptr);
    const EnvironmentVariable session("XDG_RUNTIME_DIR", "somewhere");
    files.user = 0;
    EXPECT_EQ(RuntimeDirectory::path(files), "/run/mediaheap");
}

TEST_F(RuntimeDirectoryTest, IsTheSystemsForRootAndAPrivateOneForOthers) {
    const EnvironmentVariable unset("MEDIAHEAP_RUNTIME_DIR", "");
    const EnvironmentVariable session("XDG_RUNTIME_DIR", nullptr);
    files.user = 0;
    EXPECT_EQ(RuntimeDirectory::path(files), "/run/mediaheap");
    files.user = 1234;
    EXPECT_EQ(RuntimeDirectory::path(files), "/tmp/mediaheap-1234");
}

TEST_F(RuntimeDirectoryTest, IsMadeForItsOwnerAlone) {
    const mode_t before = ::umask(0);
    const int refused = refusal();
    ::umask(before);
    ASSERT_EQ(refused, 0);
    struct ::stat status {};
    ASSERT_EQ(::stat(directory.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700u);
}

TEST_F(RuntimeDirectoryTest, IsNotTrustedWhereOthersCanEnter) {
    for (const mode_t mode : {0755, 0770, 0701, 01777}) {
        ASSERT_EQ(::mkdir(directory.c_str(), 0700), 0);
        ASSERT_EQ(::chmod(directory.c_str(), mode), 0);
        const auto opened = RuntimeDirectory::open(files);
        ASSERT_FALSE(opened.ok()) << std::oct << mode;
        EXPECT_EQ(opened.error().code, EPERM);
        EXPECT_THAT(opened.error().message(), HasSubstr("0700"));
        ASSERT_EQ(::rmdir(directory.c_str()), 0);
    }
}

TEST_F(RuntimeDirectoryTest, IsNotTrustedWhereItIsSomebodyElses) {
    ASSERT_EQ(::mkdir(directory.c_str(), 0700), 0);
    files.user = ::geteuid() + 1;
    EXPECT_EQ(refusal(), EPERM);
}

TEST_F(RuntimeDirectoryTest, IsNotReachedThroughALink) {
    const std::string real = temporary.path() + "/real";
    ASSERT_EQ(::mkdir(real.c_str(), 0700), 0);
    ASSERT_EQ(::symlink(real.c_str(), directory.c_str()), 0);
    EXPECT_THAT(refusal(), testing::AnyOf(ELOOP, ENOTDIR));
}

TEST_F(RuntimeDirectoryTest, IsNoFile) {
    ASSERT_EQ(::mknod(directory.c_str(), S_IFREG | 0600, 0), 0);
    EXPECT_EQ(refusal(), ENOTDIR);
}

TEST_F(RuntimeDirectoryTest, HasToHaveAParent) {
    const EnvironmentVariable missing("MEDIAHEAP_RUNTIME_DIR",
                                      (temporary.path() + "/no/where").c_str());
    EXPECT_EQ(refusal(), ENOENT);
}

} // namespace
} // namespace mediaheap
