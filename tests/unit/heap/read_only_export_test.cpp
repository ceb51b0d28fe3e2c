// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Descriptors with which another process can read a block and not write to it.
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heap_test.h"

namespace mediaheap {
namespace {

using test::Call;
using test::HeapTest;
using test::must;
using testing::HasSubstr;

using ReadOnlyExportTest = HeapTest;

int errorOfMapping(int fd, size_t size, int protection, int kind = MAP_SHARED) {
    void* const address = ::mmap(nullptr, size, protection, kind, fd, 0);
    if (address == MAP_FAILED)
        return errno;
    ::munmap(address, size);
    return 0;
}

TEST_F(ReadOnlyExportTest, ShowsWhatIsWrittenAndTakesNoWriting) {
    const Block block = allocate(open("memfd,size=1M"), page);
    const UniqueFd fd = must(block.exportReadOnlyFd());
    EXPECT_EQ(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    fill(block, 7);
    uint8_t seen = 0;
    ASSERT_EQ(::pread(fd.get(), &seen, 1, 0), 1);
    EXPECT_EQ(seen, 7) << "the heap goes on writing";
    EXPECT_EQ(errorOfMapping(fd.get(), page, PROT_READ), 0);
    EXPECT_EQ(errorOfMapping(fd.get(), page, PROT_READ | PROT_WRITE), EACCES);
    EXPECT_EQ(::pwrite(fd.get(), &seen, 1, 0), -1);
}

TEST_F(ReadOnlyExportTest, NorDoesOpeningItAnewHelp) {
    const Block block = allocate(open("memfd,size=1M"), page);
    const UniqueFd fd = must(block.exportReadOnlyFd());
    const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
    const UniqueFd again(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_TRUE(again.isValid()) << "the kernel opens it, and that is why there is a seal";
    EXPECT_EQ(errorOfMapping(again.get(), page, PROT_READ | PROT_WRITE), EPERM);
    EXPECT_EQ(::pwrite(again.get(), "x", 1, 0), -1);
    EXPECT_EQ(errno, EPERM);
    EXPECT_NE(::ftruncate(again.get(), 0), 0);
    void* const reading = ::mmap(nullptr, page, PROT_READ, MAP_SHARED, again.get(), 0);
    ASSERT_NE(reading, MAP_FAILED);
    EXPECT_NE(::mprotect(reading, page, PROT_READ | PROT_WRITE), 0);
    ::munmap(reading, page);
    EXPECT_TRUE(isFilledWith(block, 0));
}

TEST_F(ReadOnlyExportTest, IsPossibleAgainAndKeepsTheMemoryFromOthers) {
    const auto heap = open("memfd,size=1M,cache=1M");
    Block block = allocate(heap, page);
    const UniqueFd first = must(block.exportReadOnlyFd());
    const UniqueFd second = must(block.exportReadOnlyFd());
    EXPECT_TRUE(second.isValid());
    block.reset();
    EXPECT_EQ(heap->stats().cached, 0u) << "a reader may have it still";
    must(heap->validate());
}

TEST_F(ReadOnlyExportTest, ASanitizedBlockStaysWritableForTheHeap) {
    const Block block = allocate(open("memfd,size=1M,sanitize=1"), page);
    const UniqueFd fd = must(block.exportReadOnlyFd());
    fill(block, 5);
    EXPECT_TRUE(isFilledWith(block, 5));
}

TEST_F(ReadOnlyExportTest, WhatItGivesCanBeWrappedAndIsReadOnlyMemory) {
    const auto heap = open("memfd,size=1M");
    const Block block = allocate(heap, page);
    fill(block, 3);
    const Block view = must(heap->wrap(must(block.exportReadOnlyFd()), 0));
    EXPECT_FALSE(view.isWritable());
    EXPECT_TRUE(isFilledWith(view, 3));
    EXPECT_TRUE(must(view.exportReadOnlyFd()).isValid()) << "handed on";
}

TEST_F(ReadOnlyExportTest, OfADmaBufIsRefusedUnlessItWasMadeReadOnly) {
    fake.addUdmabuf();
    const auto heap = open("udmabuf,size=1M");
    const Block block = allocate(heap, page);
    const Error error = block.exportReadOnlyFd().error();
    EXPECT_EQ(error.code, EOPNOTSUPP);
    EXPECT_THAT(error.message(), HasSubstr("memfd"));
}

TEST_F(ReadOnlyExportTest, OfASimulatedBlockIsRefused) {
    const Block block = allocate(open("simulated,size=1M"), page);
    EXPECT_EQ(block.exportReadOnlyFd().error().code, EOPNOTSUPP);
}

TEST_F(ReadOnlyExportTest, IsRefusedWhereTheKernelKnowsNoSuchSeal) {
    const Block block = allocate(open("memfd,size=1M"), page);
    faults.failFrom(Call::AddSeals, 1, EINVAL);
    const Error error = block.exportReadOnlyFd().error();
    EXPECT_EQ(error.code, EOPNOTSUPP) << "a descriptor that anybody can open anew is no promise";
    EXPECT_THAT(error.message(), HasSubstr("5.1"));
    faults.clearFaults();
    faults.failFrom(Call::Open, 1, EMFILE);
    EXPECT_EQ(block.exportReadOnlyFd().error().code, EMFILE);
}

} // namespace
} // namespace mediaheap
