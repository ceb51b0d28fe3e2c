// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The module that stands for HiSilicon's MMZ, as a program finds it that knows the ioctls alone.
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bare_mmz.h"
#include "kernel_module.h"
#include "killed_child.h"

namespace mediaheap::test {
namespace {

using testing::HasSubstr;
using Info = BareMmz::Info;

constexpr uint64_t page = 4096;
constexpr uint64_t mebi = 1 << 20;

std::string mediaMem() {
    std::ostringstream text;
    text << std::ifstream("/proc/media-mem").rdbuf();
    return text.str();
}

/// A line of /proc/media-mem.
std::string lineOf(const Info& info, uint64_t length, const char* name) {
    char line[200];
    std::snprintf(line, sizeof line,
                  "   |-MMB: phys(0x%08lX, 0x%08lX), kvirt=0x00000000, flags=0x00000000, "
                  "length=%luKB,    name=\"%s\"\n",
                  static_cast<unsigned long>(info.physical),
                  static_cast<unsigned long>(info.physical + length - 1),
                  static_cast<unsigned long>(length / 1024), name);
    return line;
}

class MmzNode : public testing::Test {
protected:
    KernelModule module{"mediaheap_mmz", "mmz=anonymous,0,0,8M:isp,1,0,4M"};
    BareMmz mmz;

    Info allocate(uint64_t size, const char* name = "test", const char* zone = "anonymous") {
        Info info = BareMmz::describe(size, name, zone);
        EXPECT_EQ(mmz.allocate(info), 0);
        return info;
    }
    int tryToAllocate(uint64_t size, const char* zone = "anonymous") {
        Info info = BareMmz::describe(size, "test", zone);
        return mmz.allocate(info);
    }
};

TEST_F(MmzNode, AllocatesSideBySideFromTheLowEnd) {
    Info first = allocate(5000, "first");
    Info second = allocate(mebi, "second");
    EXPECT_EQ(second.physical, first.physical + 2 * page);
    EXPECT_THAT(mediaMem(),
                HasSubstr(lineOf(first, 2 * page, "first") + lineOf(second, mebi, "second")));
    EXPECT_THAT(mediaMem(), HasSubstr("total size=12288KB(12MB),used=1032KB(1MB + 8KB),"
                                      "remain=11256KB(10MB + 1016KB),zone_number=2,"
                                      "block_number=2\n"));
    EXPECT_EQ(mmz.free(second), 0);
    EXPECT_EQ(mmz.free(second), -EPERM) << "it is nobody's now";
    EXPECT_EQ(mmz.free(first), 0);
}

TEST_F(MmzNode, SearchesTheZoneConfiguredLastFirst) {
    Info any = BareMmz::describe(page, "any");
    EXPECT_EQ(mmz.allocate(any), 0);
    Info attributes = any;
    EXPECT_EQ(mmz.attributes(attributes), 0);
    EXPECT_STREQ(attributes.zone, "isp");
    EXPECT_EQ(tryToAllocate(page, "none"), -ENOMEM);
    Info wrongGfp = BareMmz::describe(page, "gfp", "isp");
    wrongGfp.gfp = 2;
    EXPECT_EQ(mmz.allocate(wrongGfp), -ENOMEM);
    EXPECT_EQ(mmz.free(any), 0);
    Info second = BareMmz::describe(page, "second");
    EXPECT_EQ(mmz.allocate(second, /*version2=*/true), 0);
    EXPECT_EQ(mmz.free(second), 0);
}

TEST_F(MmzNode, PlacesInTheSmallestGapThatFits) {
    std::vector<Info> blocks;
    for (const unsigned pages : {4, 1, 2, 1, 3, 1})
        blocks.push_back(allocate(pages * page));
    for (const unsigned n : {0, 2, 4})
        EXPECT_EQ(mmz.free(blocks[n]), 0);
    EXPECT_EQ(allocate(2 * page).physical, blocks[2].physical);
    EXPECT_EQ(allocate(3 * page).physical, blocks[4].physical);
    EXPECT_EQ(allocate(page).physical, blocks[0].physical) << "at the low end";
}

TEST_F(MmzNode, RefusesWhatIsNotThereInOnePiece) {
    std::vector<Info> blocks;
    for (int n = 0; n < 4; ++n)
        blocks.push_back(allocate(2 * mebi));
    EXPECT_EQ(tryToAllocate(page), -ENOMEM);
    EXPECT_EQ(mmz.free(blocks[0]), 0);
    EXPECT_EQ(mmz.free(blocks[2]), 0);
    EXPECT_EQ(tryToAllocate(2 * mebi + page), -ENOMEM);
    EXPECT_EQ(mmz.free(blocks[1]), 0);
    EXPECT_EQ(tryToAllocate(6 * mebi), 0);
}

TEST_F(MmzNode, HonoursAnAlignment) {
    Info first = allocate(page);
    Info aligned = BareMmz::describe(page, "aligned", "anonymous");
    aligned.alignment = 64 * 1024;
    EXPECT_EQ(mmz.allocate(aligned), 0);
    EXPECT_EQ(aligned.physical % (64 * 1024), 0u);
    EXPECT_NE(aligned.physical, first.physical);
    EXPECT_EQ(tryToAllocate(0), -ENOMEM);
}

TEST_F(MmzNode, CountsMappingsOfOneKind) {
    Info info = allocate(mebi);
    EXPECT_EQ(mmz.unmap(info), -EIO) << "not mapped yet";
    EXPECT_EQ(mmz.map(info, true), 0);
    const uint64_t address = info.mapped;
    std::memset(info.data(), 0x3c, mebi);
    EXPECT_EQ(mmz.map(info, true), 0);
    EXPECT_EQ(info.mapped, address);
    EXPECT_EQ(mmz.map(info, false), -EINVAL);
    EXPECT_EQ(mmz.unmap(info), 0);
    EXPECT_EQ(info.data()[mebi - 1], 0x3c) << "the other mapping is there";
    EXPECT_EQ(mmz.unmap(info), 0);
    EXPECT_EQ(mmz.map(info, false), 0) << "nothing is mapped, so it may be either again";
    EXPECT_EQ(info.data()[mebi - 1], 0x3c);
    EXPECT_EQ(mmz.unmap(info), 0);
    EXPECT_EQ(mmz.free(info), 0);
}

TEST_F(MmzNode, FreesAMappedBlockWithItsLastMapping) {
    Info info = allocate(mebi, "busy");
    EXPECT_EQ(mmz.map(info, true), 0);
    EXPECT_EQ(mmz.free(info), -EBUSY);
    EXPECT_EQ(mmz.free(info), -EBUSY);
    info.data()[0] = 1;
    EXPECT_THAT(mediaMem(), HasSubstr("busy"));
    EXPECT_EQ(mmz.unmap(info), 0);
    EXPECT_THAT(mediaMem(), testing::Not(HasSubstr("busy")));
}

TEST_F(MmzNode, TellsThePhysicalAddressOfAnAddress) {
    Info cached = allocate(mebi);
    Info uncached = allocate(mebi);
    EXPECT_EQ(mmz.map(cached, true), 0);
    EXPECT_EQ(mmz.map(uncached, false), 0);
    Info question;
    question.mapped = cached.mapped + 5000;
    EXPECT_EQ(mmz.findPhysical(question), 0);
    EXPECT_EQ(question.physical, (cached.physical + 5000) | 1) << "the lowest bit: cached";
    question.mapped = uncached.mapped;
    EXPECT_EQ(mmz.findPhysical(question), 0);
    EXPECT_EQ(question.physical, uncached.physical);
    question.mapped = reinterpret_cast<uintptr_t>(&question);
    EXPECT_EQ(mmz.findPhysical(question), -EINVAL) << "that is no memory of the MMZ";
    EXPECT_EQ(mmz.unmap(cached), 0);
    EXPECT_EQ(mmz.unmap(uncached), 0);
}

TEST_F(MmzNode, FlushesWhereBothAddressesAgree) {
    Info info = allocate(mebi);
    EXPECT_EQ(mmz.flush(info.physical, 0, 64), -EFAULT) << "not mapped";
    EXPECT_EQ(mmz.map(info, true), 0);
    EXPECT_EQ(mmz.flush(info.physical + 100, info.mapped + 100, 100), 0);
    EXPECT_EQ(module.number("flushes"), 1u);
    EXPECT_EQ(module.number("flushed_bytes"), 192u) << "whole lines";
    EXPECT_EQ(mmz.flush(info.physical, info.mapped + 64, 64), -EFAULT);
    EXPECT_EQ(mmz.flush(info.physical, info.mapped, mebi + 1), -EFAULT);
    EXPECT_EQ(mmz.flushBlock(0), 0);
    EXPECT_EQ(module.number("flushes_of_all"), 1u);
    EXPECT_EQ(mmz.flushBlock(info.physical), 0);
    EXPECT_EQ(mmz.flushBlock(info.physical + page), -EPERM);
    const unsigned long before = module.number("flushes");
    EXPECT_EQ(mmz.unmap(info), 0);
    EXPECT_EQ(module.number("flushes"), before + 1) << "of what was cached";
}

TEST_F(MmzNode, BelongsToTheDescriptorThatAllocated) {
    Info info = allocate(mebi);
    const BareMmz other;
    EXPECT_EQ(other.map(info, true), -EPERM);
    EXPECT_EQ(other.free(info), -EPERM);
    EXPECT_EQ(other.attributes(info), -EPERM);
    mmz.close();
    EXPECT_EQ(module.number("leaks"), 1u);
    EXPECT_THAT(mediaMem(), HasSubstr("block_number=0"));
}

TEST_F(MmzNode, TakesBackWhatAKilledProcessHad) {
    killAfter(
        [&] {
            static BareMmz theirs;
            for (int n = 0; n < 4; ++n) {
                Info info = BareMmz::describe(2 * mebi, "killed", "anonymous");
                if (theirs.allocate(info) != 0 || theirs.map(info, true) != 0)
                    return false;
                std::memset(info.data(), n, 2 * mebi);
            }
            return true;
        },
        [&] {
            EXPECT_EQ(tryToAllocate(page), -ENOMEM);
            EXPECT_THAT(mediaMem(), HasSubstr("killed"));
        });
    EXPECT_EQ(module.number("leaks"), 4u);
    EXPECT_EQ(tryToAllocate(8 * mebi), 0);
}

TEST_F(MmzNode, ServesProgramsOf32Bits) {
    const ShortMmz narrow(mmz);
    ShortMmz::Info* const info = ShortMmz::newArgument();
    ASSERT_NE(info, nullptr);
    info->size = 5000;
    std::strcpy(info->block, "narrow");
    std::strcpy(info->zone, "isp");
    ASSERT_EQ(narrow.call(10, info), 0);
    EXPECT_NE(info->physical, 0u);
    EXPECT_THAT(mediaMem(), HasSubstr("name=\"narrow\""));
    info->access = 3 | 1 << 8;
    ASSERT_EQ(narrow.call(21, info), 0);
    ASSERT_NE(info->mapped, 0u) << "below 4 GiB, or it would not fit";
    reinterpret_cast<unsigned char*>(uintptr_t{info->mapped})[8191] = 1;
    const uint32_t physical = info->physical;
    info->mapped += 4097;
    ASSERT_EQ(narrow.call(23, info), 0);
    EXPECT_EQ(info->physical, (physical + 4097) | 1);
    info->physical = physical;
    EXPECT_EQ(narrow.call(22, info), 0);
    Info wide;
    wide.physical = physical;
    EXPECT_EQ(mmz.free(wide), 0) << "one driver, whoever asks";
    ::munmap(info, sizeof *info);
}

} // namespace
} // namespace mediaheap::test
