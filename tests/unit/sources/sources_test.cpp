// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sources by themselves: pages into descriptors.
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <ostream>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "captured_log.h"
#include "fake_kernel.h"
#include "fault_kernel.h"
#include "kernel/files.h"
#include "leak_check.h"
#include "must.h"
#include "sources/catalog.h"
#include "sources/dma_heap.h"
#include "sources/memfd.h"
#include "sources/node.h"
#include "sources/source_names.h"
#include "sources/udmabuf.h"

namespace mediaheap {
namespace {

using test::Call;
using test::must;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class SourceTest : public testing::Test {
protected:
    ~SourceTest() override {
        EXPECT_EQ(fake.liveBuffers(), 0u);
        EXPECT_EQ(leaks_.difference(), "");
    }

    std::unique_ptr<Source> openSource(const std::string& source, const std::string& name,
                                       uint64_t size) {
        SourceOptions options;
        options.name = name;
        options.size = size;
        options.zone = "camera";
        return must(mediaheap::openSource(faults, source, options));
    }

    static UniqueFd make(Source& source, uint64_t offset, size_t size,
                         const std::string& name = {}) {
        return must(source.create(offset, size, {name, true})).fd;
    }

    std::string contentsOf(const std::string& text) {
        fake.files["/sys/some/file"] = text;
        return must(readSmallFile(faults, "/sys/some/file"));
    }

private:
    const test::LeakCheck leaks_;

protected:
    test::FakeKernel fake;
    test::FaultKernel faults{fake};
    const size_t page = fake.pageSize();
};

// ---- memfd

// No F_SEAL_SEAL: a block that is exported read-only is sealed against writing then.
TEST_F(SourceTest, MemfdMakesOneFileOfAFixedSizeForEachBlock) {
    const auto source = openSource("memfd", "", 1 << 20);
    EXPECT_FALSE(source->traits().dmabuf);
    EXPECT_FALSE(source->traits().places);
    EXPECT_TRUE(source->isFresh(0, page));
    const UniqueFd fd = make(*source, 0, 3 * page, "frame");
    struct ::stat status {};
    ASSERT_EQ(::fstat(fd.get(), &status), 0);
    EXPECT_EQ(static_cast<size_t>(status.st_size), 3 * page);
    EXPECT_EQ(::fcntl(fd.get(), F_GET_SEALS) & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
              F_SEAL_SHRINK | F_SEAL_GROW);
    EXPECT_EQ(source->discard(0, page), 0u) << "nothing is kept back";
}

TEST_F(SourceTest, MemfdDoesWithoutAFlagThatTheKernelDoesNotKnow) {
    faults.failNth(1, EINVAL);
    EXPECT_TRUE(must(createSealedMemfd(faults, "old-kernel", page)).isValid());
    EXPECT_EQ(faults.calls(Call::MemfdCreate), 2u);
}

TEST_F(SourceTest, MemfdClosesWhatItCouldNotFinish) {
    for (const Call call : {Call::Truncate, Call::AddSeals}) {
        faults.failFrom(call, 1, EPERM);
        const Result<UniqueFd> fd = createSealedMemfd(faults, "unfinished", page);
        ASSERT_FALSE(fd.ok());
        EXPECT_EQ(fd.error().code, EPERM);
        EXPECT_NE(fd.error().step, "");
        faults.clearFaults();
    }
}

// ---- udmabuf

TEST_F(SourceTest, UdmabufCarvesDisjointBuffersOutOfOneArena) {
    fake.addUdmabuf();
    const auto source = openSource("udmabuf", "", 16 * page);
    EXPECT_TRUE(source->traits().dmabuf);
    EXPECT_TRUE(source->traits().places);
    const UniqueFd low = make(*source, 0, 4 * page);
    const UniqueFd high = make(*source, 4 * page, 4 * page);
    test::FakeImporter first = fake.import(low.get());
    test::FakeImporter second = fake.import(high.get());
    EXPECT_EQ(first.pages(), second.pages());
    first.fill(1);
    second.fill(2);
    EXPECT_TRUE(first.isFilledWith(1));
    EXPECT_TRUE(second.isFilledWith(2));
}

TEST_F(SourceTest, UdmabufSealsItsArenaAndNamesItAfterTheZone) {
    fake.addUdmabuf();
    const auto source = openSource("udmabuf", "", 16 * page);
    const UniqueFd fd = make(*source, 0, page);
    const test::FakeImporter window = fake.import(fd.get());
    constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    EXPECT_EQ(::fcntl(window.pages(), F_GET_SEALS) & (seals | F_SEAL_WRITE), seals);
    char target[256] = {};
    const std::string link = "/proc/self/fd/" + std::to_string(window.pages());
    ASSERT_GT(::readlink(link.c_str(), target, sizeof target - 1), 0);
    EXPECT_THAT(std::string(target), StartsWith("/memfd:mediaheap-camera"));
}

TEST_F(SourceTest, UdmabufKnowsWhichPagesReadAsZero) {
    fake.addUdmabuf();
    const auto source = openSource("udmabuf", "", 16 * page);
    EXPECT_TRUE(source->isFresh(0, 16 * page));
    { const UniqueFd fd = make(*source, 4 * page, 2 * page); }
    EXPECT_TRUE(source->isFresh(0, 4 * page));
    EXPECT_FALSE(source->isFresh(0, 5 * page));
    EXPECT_FALSE(source->isFresh(5 * page, page));
    EXPECT_TRUE(source->isFresh(6 * page, 10 * page));

    EXPECT_EQ(source->discard(0, 16 * page), 2 * page);
    EXPECT_TRUE(source->isFresh(0, 16 * page));
    EXPECT_EQ(source->discard(0, 16 * page), 0u);
}

TEST_F(SourceTest, UdmabufKeepsPagesThatItCouldNotDiscard) {
    fake.addUdmabuf();
    const auto source = openSource("udmabuf", "", 16 * page);
    { const UniqueFd fd = make(*source, 0, page); }
    faults.failFrom(Call::AllocateRange, 1, EOPNOTSUPP);
    const test::CapturedLog log;
    EXPECT_EQ(source->discard(0, 16 * page), 0u);
    EXPECT_THAT(log.text(), HasSubstr("EOPNOTSUPP"));
    EXPECT_FALSE(source->isFresh(0, page));
}

TEST_F(SourceTest, UdmabufTakesItsLimitFromTheSystem) {
    fake.addUdmabuf();
    EXPECT_EQ(openSource("udmabuf", "", 16 * page)->traits().largestBlock, size_t{64} << 20);
    fake.udmabufLimitMiB = 128;
    EXPECT_EQ(openSource("udmabuf", "", 16 * page)->traits().largestBlock, size_t{128} << 20);
}

TEST_F(SourceTest, UdmabufTakesTheKernelsDefaultWhereTheLimitCannotBeRead) {
    fake.addUdmabuf();
    faults.failFrom(Call::Read, 1, EIO);
    EXPECT_EQ(openSource("udmabuf", "", 16 * page)->traits().largestBlock, size_t{64} << 20);
}

// ---- dma-heap

TEST_F(SourceTest, DmaHeapMakesOneBufferForEachBlock) {
    fake.addDmaHeap("system");
    const auto source = openSource("dma-heap", "system", 1 << 20);
    EXPECT_TRUE(source->traits().dmabuf);
    EXPECT_FALSE(source->traits().places);
    const UniqueFd fd = make(*source, 0, 3 * page, "frame");
    EXPECT_TRUE(fake.isDmaBuf(fd.get()));
    EXPECT_EQ(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    EXPECT_EQ(::fcntl(fd.get(), F_GETFL) & O_ACCMODE, O_RDWR);
}

struct HeapKind {
    const char* name;
    bool contiguous;
    bool cached;
    bool zeroed;
};

TEST_F(SourceTest, DmaHeapKnowsWhatItsMemoryIsLikeByName) {
    for (const HeapKind& kind :
         {HeapKind{"system", false, true, true}, HeapKind{"linux,cma", true, true, true},
          HeapKind{"reserved", true, true, true}, HeapKind{"default_cma_region", true, true, true},
          HeapKind{"default-pool", true, true, true}, HeapKind{"mpp", true, true, false},
          HeapKind{"system-uncached", false, false, false},
          HeapKind{"camera", false, true, false}}) {
        fake.addDmaHeap(kind.name);
        const auto source = openSource("dma-heap", kind.name, 1 << 20);
        EXPECT_EQ(source->traits().contiguous, kind.contiguous) << kind.name;
        EXPECT_EQ(source->traits().cached, kind.cached) << kind.name;
        EXPECT_EQ(source->isFresh(0, page), kind.zeroed) << kind.name;
        EXPECT_TRUE(source->traits().dmabuf) << kind.name;
    }
}

TEST_F(SourceTest, DmaHeapSaysWhereMoreMemoryIsToBeHad) {
    fake.addDmaHeap("reserved");
    fake.dmaHeapMemory = 0;
    const Result<SourceMemory> fd =
        openSource("dma-heap", "reserved", 1 << 20)->create(0, page, {});
    ASSERT_FALSE(fd.ok());
    EXPECT_EQ(fd.error().code, ENOMEM);
    EXPECT_THAT(fd.error().message(),
                AllOf(HasSubstr("/dev/dma_heap/reserved"), HasSubstr("cma=")));
}

// ---- The catalogue.

TEST_F(SourceTest, CatalogueListsWhatThereIsAndWhatThereCouldBe) {
    const auto names = [this] {
        std::vector<std::string> result;
        for (const CatalogEntry& entry : listSources(faults))
            result.push_back(entry.source + ":" + entry.name);
        return result;
    };
    EXPECT_THAT(names(), ElementsAre("mpp:", "mmz:", "dma-heap:default_cma_region",
                                     "dma-heap:system", "udmabuf:", "memfd:", "simulated:"));
    fake.addDmaHeap("zebra");
    fake.addDmaHeap("reserved");
    fake.addDmaHeap("system");
    fake.addDmaHeap("default-pool");
    EXPECT_THAT(names(), ElementsAre("mpp:", "mmz:", "dma-heap:default-pool", "dma-heap:reserved",
                                     "dma-heap:system", "udmabuf:", "memfd:", "dma-heap:zebra",
                                     "simulated:"));
}

TEST_F(SourceTest, CatalogueHasEverySourceThatHasAName) {
    std::vector<std::string> listed;
    for (const CatalogEntry& entry : listSources(faults)) {
        if (listed.empty() || listed.back() != entry.source)
            listed.push_back(entry.source);
    }
    EXPECT_EQ(listed, sourceNames());
    for (const std::string& source : sourceNames()) {
        const Result<std::unique_ptr<Source>> opened =
            mediaheap::openSource(faults, source, SourceOptions{});
        EXPECT_TRUE(opened.ok() ||
                    opened.error().message().find("unknown source") == std::string::npos)
            << source;
    }
}

TEST_F(SourceTest, CatalogueRefusesWhatItDoesNotHave) {
    EXPECT_TRUE(isKnownSource("dma-heap"));
    EXPECT_FALSE(isKnownSource("auto"));
    EXPECT_FALSE(isKnownSource("ion"));
    const Result<std::unique_ptr<Source>> source =
        mediaheap::openSource(faults, "ion", SourceOptions{});
    ASSERT_FALSE(source.ok());
    EXPECT_EQ(source.error().code, EINVAL);
    EXPECT_THAT(source.error().message(), HasSubstr(knownSources()));
}

// ---- Nodes and small files.

TEST_F(SourceTest, NodeOpensAreRestartedWhenInterrupted) {
    fake.addUdmabuf();
    faults.failNth(1, EINTR);
    EXPECT_TRUE(must(openNode(faults, "/dev/udmabuf", O_RDWR, "")).isValid());
}

TEST_F(SourceTest, SmallFilesAreReadWhole) {
    EXPECT_EQ(contentsOf("64\n"), "64\n");
    EXPECT_EQ(contentsOf(""), "");
    EXPECT_EQ(contentsOf(std::string(3000, 'x')), std::string(3000, 'x'));
}

TEST_F(SourceTest, SmallFilesAreReadInPiecesWhereTheSystemGivesPieces) {
    fake.longestRead = 7;
    std::string text;
    for (int n = 0; n < 300; ++n)
        text += std::to_string(n) + " ";
    EXPECT_EQ(contentsOf(text), text);
}

TEST_F(SourceTest, LargeFilesAreCutNotOverrun) {
    EXPECT_EQ(contentsOf(std::string(100000, 'y')), std::string(4095, 'y'));
}

TEST_F(SourceTest, SmallFilesThatCannotBeReadAreClosed) {
    fake.files["/sys/some/file"] = "text";
    faults.failFrom(Call::Read, 1, EIO);
    const Result<std::string> text = readSmallFile(faults, "/sys/some/file");
    ASSERT_FALSE(text.ok());
    EXPECT_EQ(text.error().code, EIO);
    EXPECT_THAT(text.error().step, HasSubstr("/sys/some/file"));
    EXPECT_EQ(readSmallFile(faults, "/sys/no/such/file").error().code, ENOENT);
}

} // namespace
} // namespace mediaheap
