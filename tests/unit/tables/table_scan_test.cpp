// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What others find in a runtime directory, and what they take away.
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "child_process.h"
#include "tables/process_identity.h"
#include "tables/sweep.h"
#include "tables/table_name.h"
#include "tables_test.h"

namespace mediaheap {
namespace {

using test::ChildProcess;
using test::EnvironmentVariable;
using test::TablesTest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class TableScanTest : public TablesTest {
protected:
    /// The file of a process that was killed with a heap open.
    std::string crash(const std::string& heap = "memfd") {
        ChildProcess child([&] { return create(heap); });
        const int64_t pid = child.pid();
        child.kill();
        for (const std::string& name : names()) {
            if (TableName::parse(name)->pid == pid)
                return name;
        }
        ADD_FAILURE() << "no table is left";
        return {};
    }

    std::string pathOf(const std::string& name) const { return directory + "/" + name; }

    /// Writes into a field of a table's header.
    template <typename T> void overwrite(const std::string& name, size_t offset, T value) {
        const int fd = ::open(pathOf(name).c_str(), O_WRONLY | O_CLOEXEC);
        ASSERT_EQ(::pwrite(fd, &value, sizeof value, static_cast<off_t>(offset)),
                  static_cast<ssize_t>(sizeof value));
        ::close(fd);
    }
};

TEST_F(TableScanTest, FindsNothingWhereThereIsNoDirectory) {
    const TableScan found = scan();
    EXPECT_THAT(found.heaps, IsEmpty());
    EXPECT_THAT(found.unreadable, IsEmpty());
}

TEST_F(TableScanTest, PassesOverWhatIsNotCalledAsATable) {
    const auto table = create();
    for (const char* name : {"notes.txt", "1.2.heap", "1.2.3.4.heaps", "01.2.3.4.heap",
                             "-1.2.3.4.heap", "1.2.3.sock", ".heap"})
        std::ofstream(pathOf(name)) << "something";
    EXPECT_EQ(onlyHeap().content.number, table->number());
}

TEST_F(TableScanTest, NamesWhatItCannotRead) {
    const auto table = create();
    const std::string wrong = "1.2.3.4.heap";
    std::ofstream(pathOf(wrong)) << std::string(5000, 'x');
    const TableScan found = scan();
    EXPECT_THAT(found.heaps, SizeIs(1));
    ASSERT_THAT(found.unreadable, SizeIs(1));
    EXPECT_EQ(found.unreadable[0].path, pathOf(wrong));
    EXPECT_THAT(found.unreadable[0].reason, HasSubstr("does not begin as a table does"));
}

TEST_F(TableScanTest, FollowsNoLinkAndWaitsForNoFifo) {
    const auto table = create();
    ASSERT_EQ(::symlink(table->fileName().c_str(), pathOf("1.2.3.4.heap").c_str()), 0);
    ASSERT_EQ(::mkfifo(pathOf("1.2.3.5.heap").c_str(), 0600), 0);
    const TableScan found = scan();
    EXPECT_THAT(found.heaps, SizeIs(1));
    EXPECT_THAT(found.unreadable, SizeIs(2));
}

TEST_F(TableScanTest, DoesNotBelieveATableUnderAnothersName) {
    const auto table = create();
    std::filesystem::copy_file(pathOf(table->fileName()), pathOf("1.2.3.4.heap"));
    const TableScan found = scan();
    EXPECT_THAT(found.heaps, SizeIs(1));
    ASSERT_THAT(found.unreadable, SizeIs(1));
    EXPECT_THAT(found.unreadable[0].reason, HasSubstr("another process"));
}

TEST_F(TableScanTest, TellsAProcessFromALaterOneOfItsNumber) {
    TableName name = *TableName::parse(crash());
    // As if this process had come to the dead one's number: same number, another start.
    const TableName dead = name;
    name.pid = ::getpid();
    name.startTime += 1;
    ASSERT_EQ(::rename(pathOf(dead.text()).c_str(), pathOf(name.text()).c_str()), 0);
    overwrite(name.text(), offsetof(table::TableHeader, pid), name.pid);
    overwrite(name.text(), offsetof(table::TableHeader, startTime), name.startTime);
    EXPECT_EQ(onlyHeap().state, OwnerState::Crashed);
}

TEST_F(TableScanTest, DoesNotJudgeProcessesOfAnotherNamespace) {
    const TableName here = *TableName::parse(crash());
    TableName there = here;
    there.pidNamespace++;
    ASSERT_EQ(::rename(pathOf(here.text()).c_str(), pathOf(there.text()).c_str()), 0);
    overwrite(there.text(), offsetof(table::TableHeader, pidNamespace), there.pidNamespace);
    EXPECT_EQ(onlyHeap().state, OwnerState::Unknown);
    EXPECT_EQ(sweepTables(faults, files, {directory}), 0u);
    EXPECT_THAT(names(), ElementsAre(there.text()));
}

TEST_F(TableScanTest, JudgesAllProcessesWhereTheKernelHasNoNamespaces) {
    files.knowsNamespaces = false;
    const auto table = create();
    crash();
    const TableScan found = scan();
    ASSERT_THAT(found.heaps, SizeIs(2));
    for (const SharedHeap& heap : found.heaps)
        EXPECT_EQ(heap.state,
                  heap.content.owner.pid == ::getpid() ? OwnerState::Live : OwnerState::Crashed);
    EXPECT_EQ(sweepTables(faults, files, {directory}), 1u);
    EXPECT_EQ(onlyHeap().state, OwnerState::Live);
}

TEST_F(TableScanTest, SweepsWhatTheDeadHaveLeftAndNothingElse) {
    const auto table = create();
    crash();
    crash();
    std::ofstream(pathOf("notes.txt")) << "mine";
    std::ofstream(pathOf("1.2.3.4.heap")) << "of another namespace";
    EXPECT_THAT(scan().heaps, SizeIs(3));
    EXPECT_EQ(sweepTables(faults, files, {directory}), 2u);
    EXPECT_THAT(names(),
                testing::UnorderedElementsAre(table->fileName(), "notes.txt", "1.2.3.4.heap"));
}

TEST_F(TableScanTest, SweepsDamagedTablesOfTheDead) {
    const std::string name = crash();
    ASSERT_EQ(::truncate(pathOf(name).c_str(), 100), 0);
    EXPECT_THAT(scan().unreadable, SizeIs(1));
    EXPECT_EQ(sweepTables(faults, files, {directory}), 1u);
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(TableScanTest, KeepsTheLastCrashesWhenAHeapIsOpened) {
    std::vector<std::string> left;
    for (size_t n = 0; n < crashedTablesKept + 3; n++) {
        left.push_back(crash());
        // Distinct times, which the clock of a file system need not give.
        const timespec times[2] = {{static_cast<time_t>(1000 + n), 0},
                                   {static_cast<time_t>(1000 + n), 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, pathOf(left.back()).c_str(), times, 0), 0);
    }
    const auto table = create();
    std::vector<std::string> expected(left.end() - crashedTablesKept, left.end());
    expected.push_back(table->fileName());
    EXPECT_THAT(names(), testing::UnorderedElementsAreArray(expected));
}

TEST_F(TableScanTest, LooksWhereTheVariableSaysAlone) {
    EXPECT_THAT(tableDirectories(faults, files), ElementsAre(directory));
    const EnvironmentVariable off("MEDIAHEAP_RUNTIME_DIR", "off");
    EXPECT_THAT(tableDirectories(faults, files), IsEmpty());
}

TEST_F(TableScanTest, LooksWhereverAUsersProcessesMayHavePutThem) {
    const EnvironmentVariable unset("MEDIAHEAP_RUNTIME_DIR", nullptr);
    const EnvironmentVariable session("XDG_RUNTIME_DIR", nullptr);
    files.user = 1234;
    EXPECT_THAT(tableDirectories(faults, files),
                testing::UnorderedElementsAre("/tmp/mediaheap-1234", "/run/user/1234/mediaheap"));
    files.user = 0;
    EXPECT_THAT(tableDirectories(faults, files), testing::Contains("/run/mediaheap"));
}

// ---- Processes

TEST(ProcessIdentityTest, ReadsANameWithBlanksAndParentheses) {
    const std::string numbers = " 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 777 100";
    const auto process = test::must(parseProcessStat("42 (a) b (c) S" + numbers));
    EXPECT_EQ(process.pid, 42);
    EXPECT_EQ(process.name, "a) b (c");
    EXPECT_EQ(process.startTime, 777u);
    EXPECT_EQ(parseProcessStat("42 (a) Z" + numbers).error().code, ESRCH);
}

TEST(ProcessIdentityTest, RefusesWhatIsNoLineOfTheKernels) {
    for (const char* line : {"", "42", "42 (a", "42 a) S 1", ")(", "42 (a) S 1 2 3", "x (a) S 1"})
        EXPECT_EQ(parseProcessStat(line).error().code, EINVAL) << line;
}

TEST(ProcessIdentityTest, KnowsThatNobodyHasANumber) {
    EXPECT_EQ(identify(Kernel::system(), INT32_MAX).error().code, ESRCH);
}

} // namespace
} // namespace mediaheap
