// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Heaps of source mmz on the module that stands for HiSilicon's.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mediaheap/heap.h>

#include "bare_mmz.h"
#include "kernel_module.h"
#include "killed_child.h"
#include "leak_check.h"
#include "must.h"

namespace mediaheap::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr size_t mebi = 1 << 20;

std::string mediaMem() {
    std::ostringstream text;
    text << std::ifstream("/proc/media-mem").rdbuf();
    return text.str();
}

Block allocate(const std::shared_ptr<Heap>& heap, size_t size, const std::string& name = {},
               std::optional<bool> cached = {}) {
    AllocOptions options;
    options.name = name;
    options.cached = cached;
    return must(heap->allocate(size, options));
}

class MmzHeap : public testing::Test {
protected:
    ~MmzHeap() override {
        heap.reset();
        EXPECT_EQ(module.number("leaks"), expectedLeaks);
        EXPECT_THAT(mediaMem(), HasSubstr("block_number=0"));
        EXPECT_EQ(leaks_.difference(), "");
    }

private:
    const LeakCheck leaks_;

protected:
    KernelModule module{"mediaheap_mmz", "mmz=anonymous,0,0,8M:isp,1,0,4M"};
    std::shared_ptr<Heap> heap = must(Heap::open("mmz,size=8M"));
    unsigned long expectedLeaks = 0;
};

TEST_F(MmzHeap, IsWhatAutoChoosesWithoutAnMppHeap) {
    EXPECT_EQ(must(Heap::open("auto"))->description(), "mmz,size=8M");
    EXPECT_NE(must(Heap::open("auto,require=dmabuf,zone=other"))->description(), "mmz");
}

TEST_F(MmzHeap, GivesBlocksThatTheKernelShows) {
    const Block block = allocate(heap, mebi, "sixteen-letters-and-more");
    EXPECT_EQ(block.fd(), -1);
    EXPECT_EQ(block.exportFd().error().code, EOPNOTSUPP);
    char address[32];
    std::snprintf(address, sizeof address, "phys(0x%08lX,",
                  static_cast<unsigned long>(block.address()));
    EXPECT_THAT(mediaMem(), HasSubstr(address));
    EXPECT_THAT(mediaMem(), HasSubstr("name=\"sixteen-letters\""));
    EXPECT_THAT(heap->report(ReportFormat::Text), HasSubstr(address));
}

TEST_F(MmzHeap, KeepsItsData) {
    const Block block = allocate(heap, 4 * mebi);
    for (int value = 0; value < 3; ++value) {
        Mapping mapping = must(block.map(Access::ReadWrite));
        auto* const bytes = static_cast<unsigned char*>(mapping.data());
        EXPECT_EQ(bytes[0], value);
        EXPECT_EQ(bytes[mapping.size() - 1], value) << "zero at first, though nobody clears it";
        std::memset(bytes, value + 1, mapping.size());
        must(mapping.end());
    }
}

TEST_F(MmzHeap, FlushesNoMoreThanWasTouchedAndUncachedMemoryNever) {
    const Block cached = allocate(heap, mebi);
    const Block uncached = allocate(heap, mebi, {}, false);
    const unsigned long before = module.number("flushed_bytes");
    must(must(uncached.map(Access::ReadWrite)).end());
    EXPECT_EQ(module.number("flushed_bytes"), before);
    must(must(cached.map(Access::ReadWrite, 4096, 100)).end());
    EXPECT_EQ(module.number("flushed_bytes") - before, 2 * 128u);
}

TEST_F(MmzHeap, IsOfTheZoneThatIsNamed) {
    const auto isp = must(Heap::open("mmz:isp,size=4M"));
    const Block all = allocate(isp, 4 * mebi, "raw");
    const Error error = isp->allocate(4096).error();
    EXPECT_EQ(error.code, ENOMEM);
    EXPECT_TRUE(heap->allocate(mebi).ok()) << "the other zone has room";
    EXPECT_THAT(Heap::open("mmz:none").error().message(), HasSubstr("no zone of that name"));
}

TEST_F(MmzHeap, SharesTheZoneWithEverybody) {
    BareMmz other;
    BareMmz::Info theirs = BareMmz::describe(6 * mebi, "theirs", "anonymous");
    ASSERT_EQ(other.allocate(theirs), 0);
    EXPECT_THAT(heap->allocate(4 * mebi).error().message(), HasSubstr("/proc/media-mem"));
    EXPECT_TRUE(heap->allocate(2 * mebi).ok());
    EXPECT_EQ(other.free(theirs), 0);
}

TEST_F(MmzHeap, GivesEverythingBackWhenItIsDestroyed) {
    { const Block kept = allocate(heap, mebi, "kept"); }
    EXPECT_THAT(mediaMem(), HasSubstr("kept")) << "for the next who wants it";
    must(heap->destroy());
    EXPECT_THAT(mediaMem(), Not(HasSubstr("kept")));
    EXPECT_EQ(heap->allocate(4096).error().code, ENODEV);
    EXPECT_TRUE(must(Heap::open("mmz,size=8M"))->allocate(mebi).ok());
}

TEST_F(MmzHeap, TakesBackWhatAKilledProcessHad) {
    killAfter(
        [] {
            static std::shared_ptr<Heap> theirs = must(Heap::open("mmz:isp,size=4M"));
            static std::vector<Block> blocks;
            for (int n = 0; n < 4; ++n) {
                blocks.push_back(allocate(theirs, mebi, "killed"));
                must(blocks.back().beginAccess(Access::Write));
            }
            return true;
        },
        [] { EXPECT_THAT(mediaMem(), HasSubstr("killed")); });
    expectedLeaks = 4;
    EXPECT_TRUE(must(Heap::open("mmz:isp,size=4M"))->allocate(4 * mebi).ok());
}

} // namespace
} // namespace mediaheap::test
