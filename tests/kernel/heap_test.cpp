// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Heaps on real DMA-BUFs.
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "real_heap.h"

namespace mediaheap::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr size_t mebi = 1 << 20;

class HeapOnDmaBufs : public RealHeap {
protected:
    HeapOnDmaBufs() { open(",size=16M"); }
};

INSTANTIATE_TEST_SUITE_P(Sources, HeapOnDmaBufs, testing::Values("udmabuf", "dma-heap:system"),
                         sourceName);

TEST_P(HeapOnDmaBufs, HandsOutRealDmaBufs) {
    EXPECT_TRUE(heap->isDmaBuf());
    const Block block = allocate(mebi + 1, "preview");
    EXPECT_EQ(block.size() % static_cast<size_t>(::getpagesize()), 0u);
    struct ::stat status {};
    ASSERT_EQ(::fstat(block.fd(), &status), 0);
    EXPECT_EQ(static_cast<size_t>(status.st_size), block.size());
    EXPECT_EQ(::fcntl(block.fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    char target[64] = {};
    ASSERT_GT(::readlink(("/proc/self/fd/" + std::to_string(block.fd())).c_str(), target, 63), 0);
    EXPECT_THAT(std::string(target), testing::StartsWith("/dmabuf:"));
}

TEST_P(HeapOnDmaBufs, ShowsItsNamesInTheKernelsList) {
    const Block block = allocate(mebi, "preview");
    const auto entry = findInBufinfo(inodeOf(block.fd()));
    ASSERT_TRUE(entry.has_value());
    EXPECT_EQ(entry->name, "preview");
    EXPECT_EQ(entry->size, mebi);
    EXPECT_EQ(entry->exporter, isUdmabuf() ? "udmabuf" : "system");
    EXPECT_EQ(entry->count, 2) << "the descriptor and the mapping";
}

TEST_P(HeapOnDmaBufs, CutsALongNameRatherThanLoseIt) {
    const Block block = allocate(mebi, std::string(40, 'n'));
    EXPECT_EQ(findInBufinfo(inodeOf(block.fd()))->name, std::string(31, 'n'));
}

TEST_P(HeapOnDmaBufs, RenamesARecycledBuffer) {
    unsigned long long inode = 0;
    {
        const Block block = allocate(mebi, "camera");
        inode = inodeOf(block.fd());
    }
    {
        const Block block = allocate(mebi, "encoder");
        ASSERT_EQ(inodeOf(block.fd()), inode);
        EXPECT_EQ(findInBufinfo(inode)->name, "encoder");
    }
    const Block block = allocate(mebi);
    ASSERT_EQ(inodeOf(block.fd()), inode);
    EXPECT_EQ(findInBufinfo(inode)->name, "");
}

TEST_P(HeapOnDmaBufs, KeepsEveryBlocksData) {
    std::vector<Block> blocks;
    for (int n = 0; n < 16; ++n)
        blocks.push_back(allocate(mebi));
    for (int n = 0; n < 16; ++n)
        fill(blocks[static_cast<size_t>(n)], n + 1);
    for (int n = 0; n < 16; ++n)
        EXPECT_TRUE(isFilledWith(blocks[static_cast<size_t>(n)], static_cast<uint8_t>(n + 1))) << n;
}

TEST_P(HeapOnDmaBufs, SyncsInPairsThatTheKernelAccepts) {
    const Block block = allocate(mebi);
    for (const Access outer : {Access::Read, Access::Write, Access::ReadWrite}) {
        for (const Access inner : {Access::Read, Access::Write, Access::ReadWrite}) {
            Mapping first = must(block.map(outer));
            Mapping second = must(block.map(inner));
            must(first.end());
            must(second.end());
        }
    }
    EXPECT_EQ(block.endAccess().error().code, EINVAL) << "an access was left open";
}

TEST_P(HeapOnDmaBufs, AlignsAddressAndMapping) {
    AllocOptions options;
    options.alignment = mebi;
    const Block odd = allocate(4096);
    const Block block = must(heap->allocate(4096, options));
    EXPECT_EQ(block.address() % mebi, 0u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.data()) % mebi, 0u);
    fill(block, 1);
}

TEST_P(HeapOnDmaBufs, RecyclesWhatNobodyHolds) {
    unsigned long long inode = 0;
    {
        const Block block = allocate(mebi);
        inode = inodeOf(block.fd());
        fill(block, 0xee);
    }
    EXPECT_EQ(heap->stats().held, 0u) << "the count has not come back to what it was";
    EXPECT_EQ(heap->stats().cached, mebi);
    const Block block = allocate(mebi);
    EXPECT_EQ(inodeOf(block.fd()), inode);
    EXPECT_TRUE(isFilledWith(block, 0));
}

TEST_P(HeapOnDmaBufs, HandsOutZeroedMemoryHoweverItWasUsedBefore) {
    open(",size=16M,cache=0,zone=used");
    { fill(allocate(16 * mebi), 0xee); }
    for (const size_t size : {size_t{4096}, mebi, 3 * mebi})
        EXPECT_TRUE(isFilledWith(allocate(size), 0)) << size;
}

TEST_P(HeapOnDmaBufs, HoldsWhatADuplicateStillReaches) {
    UniqueFd duplicate;
    unsigned long long inode = 0;
    {
        const Block block = allocate(mebi);
        inode = inodeOf(block.fd());
        duplicate = must(block.exportFd());
    }
    EXPECT_EQ(heap->stats().held, mebi);
    EXPECT_NE(inodeOf(allocate(mebi).fd()), inode);
    duplicate.reset();
    EXPECT_EQ(heap->stats().held, 0u);
    must(heap->validate());
}

TEST_P(HeapOnDmaBufs, HoldsWhatAnotherProcessStillReaches) {
    Block block = allocate(mebi);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd readEnd(ends[0]);
    UniqueFd writeEnd(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
        writeEnd.reset();
        char byte = 0;
        while (::read(readEnd.get(), &byte, 1) > 0) {
        }
        ::_exit(0);
    }
    block.reset();
    EXPECT_EQ(heap->stats().held, mebi) << "the child has the descriptor";
    writeEnd.reset();
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(heap->stats().held, 0u) << "a mapping has stayed in the child, or been counted";
}

TEST_P(HeapOnDmaBufs, LeavesNoMappingToAForkedChild) {
    Block block = allocate(mebi);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd readEnd(ends[0]);
    const UniqueFd writeEnd(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(block.fd());
        (void)!::write(writeEnd.get(), "c", 1);
        for (;;)
            ::pause();
    }
    char closed = 0;
    ASSERT_EQ(::read(readEnd.get(), &closed, 1), 1);
    block.reset();
    EXPECT_EQ(heap->stats().held, 0u);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

TEST_P(HeapOnDmaBufs, DoesNotMindAProgramThatWasStarted) {
    Block block = allocate(mebi);
    const pid_t child = ::fork();
    if (child == 0) {
        ::execl("/bin/sleep", "sleep", "60", static_cast<char*>(nullptr));
        ::_exit(1);
    }
    // Descriptors and mappings go with exec, which takes its time.
    block.reset();
    for (int n = 0; n < 100 && heap->stats().held > 0; ++n)
        ::usleep(50000);
    EXPECT_EQ(heap->stats().held, 0u);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

TEST_P(HeapOnDmaBufs, GivesEverythingBackToTheKernel) {
    const size_t before = readBufinfo().size();
    for (int n = 0; n < 4; ++n)
        allocate(mebi);
    must(heap->destroy());
    EXPECT_EQ(readBufinfo().size(), before);
    EXPECT_EQ(heap->allocate(mebi).error().code, ENODEV);
    open(",size=16M");
    EXPECT_TRUE(allocate(mebi).isValid());
}

TEST_P(HeapOnDmaBufs, RefusesTooMuchWithoutAskingTheKernel) {
    // The system heap would answer a request of 8 GiB with the OOM killer.
    const Result<Block> block = heap->allocate(static_cast<size_t>(uint64_t{8} << 30));
    ASSERT_FALSE(block.ok());
    EXPECT_NE(block.error().remedy, "");
}

TEST_P(HeapOnDmaBufs, SaysWhoMayOpenItsNode) {
    heap.reset();
    ASSERT_EQ(::seteuid(65534), 0);
    const Result<std::shared_ptr<Heap>> refused = Heap::open(GetParam() + std::string(",size=1M"));
    ASSERT_EQ(::seteuid(0), 0);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, EACCES);
    EXPECT_THAT(refused.error().message(), AllOf(HasSubstr("/dev/"), HasSubstr("root:root"),
                                                 HasSubstr("0600"), HasSubstr("udev rule")));
}

// ---- What is the source's own.

class UdmabufHeap : public RealHeap {};
INSTANTIATE_TEST_SUITE_P(Source, UdmabufHeap, testing::Values("udmabuf"), sourceName);

/// The arena among this process's descriptors.
struct ::stat arenaStatus(const std::string& zone) {
    struct ::stat status {};
    for (int fd = 0; fd < 256; ++fd) {
        char target[256] = {};
        const std::string link = "/proc/self/fd/" + std::to_string(fd);
        if (::readlink(link.c_str(), target, sizeof target - 1) > 0 &&
            std::string(target).find("memfd:mediaheap-" + zone) != std::string::npos) {
            EXPECT_EQ(::fstat(fd, &status), 0);
            constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
            EXPECT_EQ(::fcntl(fd, F_GET_SEALS) & (seals | F_SEAL_WRITE), seals);
            return status;
        }
    }
    ADD_FAILURE() << "no arena of zone " << zone;
    return status;
}

TEST_P(UdmabufHeap, TakesPagesForWhatIsUsedAndGivesThemBack) {
    open(",size=16M,zone=arena,cache=0");
    EXPECT_EQ(arenaStatus("arena").st_blocks, 0);
    Block first = allocate(4 * mebi);
    const Block second = allocate(4 * mebi);
    fill(second, 2);
    EXPECT_EQ(static_cast<size_t>(arenaStatus("arena").st_blocks) * 512, 8 * mebi);
    first.reset();
    EXPECT_EQ(heap->trim(), 4 * mebi);
    EXPECT_EQ(static_cast<size_t>(arenaStatus("arena").st_blocks) * 512, 4 * mebi);
    EXPECT_TRUE(isFilledWith(second, 2));
}

TEST_P(UdmabufHeap, ReservesItsArenaWhereAsked) {
    open(",size=16M,zone=prefaulted,prefault=1");
    EXPECT_EQ(static_cast<size_t>(arenaStatus("prefaulted").st_blocks) * 512, 16 * mebi);
}

TEST_P(UdmabufHeap, KeepsBlocksOfAnyShapeApart) {
    open(",size=1M,zone=shapes");
    std::vector<Block> blocks;
    uint8_t mark = 0;
    for (int round = 0; round < 40; ++round) {
        const size_t size = 4096u * (1u + static_cast<size_t>(round * 7 % 19));
        Result<Block> block = heap->allocate(size);
        if (!block) {
            blocks.erase(blocks.begin() + round % static_cast<int>(blocks.size()));
            continue;
        }
        EXPECT_TRUE(isFilledWith(*block, 0)) << round;
        blocks.push_back(std::move(block).value());
        const auto first = static_cast<uint8_t>(mark + 1);
        for (const Block& each : blocks)
            fill(each, ++mark);
        mark = first;
        for (const Block& each : blocks)
            EXPECT_TRUE(isFilledWith(each, mark++)) << round;
    }
    must(heap->validate());
}

TEST_P(UdmabufHeap, KnowsTheKernelsLimitOfOneBuffer) {
    open(",size=80M,zone=large");
    const Result<Block> block = heap->allocate(64 * mebi + 1);
    ASSERT_FALSE(block.ok());
    EXPECT_THAT(block.error().message(), HasSubstr("size_limit_mb"));
    EXPECT_EQ(allocate(64 * mebi).size(), 64 * mebi);
}

TEST(Sources, AreFoundOnThisMachine) {
    for (const SourceInfo& info : Heap::sources()) {
        if (info.heap == "udmabuf" || info.heap == "dma-heap:system" || info.heap == "memfd") {
            EXPECT_TRUE(info.usable) << info.reason;
        }
    }
    EXPECT_EQ(must(Heap::open("auto,size=1M"))->description(), "dma-heap:system,size=1M");
    const Result<std::shared_ptr<Heap>> missing = Heap::open("dma-heap:no-such-heap");
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, ENOENT);
    EXPECT_THAT(missing.error().message(), HasSubstr("dma-heap:system"));
}

} // namespace
} // namespace mediaheap::test
