// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Opening a heap: what is worked out, what is refused, and what the refusal says.
#include <cerrno>
#include <ostream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heap_test.h"

namespace mediaheap {
namespace {

using test::HeapTest;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class OpenTest : public HeapTest {
protected:
    /// The error of a heap string that must not open; every such message names the string.
    Error refused(const std::string& string) {
        const Result<std::shared_ptr<Heap>> heap = Heap::open(string);
        if (heap) {
            ADD_FAILURE() << string << " was opened as " << heap->get()->description();
            return {};
        }
        EXPECT_EQ(heap.error().heap, string);
        EXPECT_THAT(heap.error().message(), StartsWith("heap '" + string + "': "));
        EXPECT_NE(heap.error().remedy, "") << heap.error().message();
        return heap.error();
    }
};

// ---- Defaults.

TEST_F(OpenTest, DescribesAHeapInItsCanonicalForm) {
    EXPECT_EQ(open("memfd,zone=anonymous,size=65536k,cached=1")->description(), "memfd,size=64M");
}

TEST_F(OpenTest, Takes256MUnlessToldOtherwise) {
    fake.machineMemory = 4ull << 30;
    EXPECT_EQ(open("memfd")->stats().size, 256u << 20);
    EXPECT_EQ(open("memfd,zone=b")->description(), "memfd,size=256M,zone=b");
}

TEST_F(OpenTest, TakesAQuarterOfASmallMachinesMemory) {
    fake.machineMemory = 64u << 20;
    EXPECT_EQ(open("memfd")->stats().size, 16u << 20);
}

TEST_F(OpenTest, RoundsTheSizeUpToWholePages) {
    EXPECT_EQ(open("memfd,size=" + std::to_string(3 * page + 1))->stats().size, 4 * page);
}

TEST_F(OpenTest, RoundsToTheMachinesOwnPageSize) {
    fake.machinePageSize = 65536;
    EXPECT_EQ(open("memfd,size=1")->stats().size, 65536u);
    EXPECT_EQ(allocate(open("memfd,size=1M,zone=b"), 1).size(), 65536u);
}

TEST_F(OpenTest, MayTakeAllOfTheMachinesMemory) {
    fake.machineMemory = 64u << 20;
    EXPECT_EQ(open("memfd,size=64M")->stats().size, 64u << 20);
}

TEST_F(OpenTest, SaysWhatItsMemoryIsLike) {
    fake.addUdmabuf();
    fake.addDmaHeap("system-uncached");
    EXPECT_FALSE(open("memfd,size=1M")->isDmaBuf());
    EXPECT_TRUE(open("udmabuf,size=1M")->isDmaBuf());
    EXPECT_TRUE(open("udmabuf,size=1M")->isCached());
    EXPECT_FALSE(open("dma-heap:system-uncached,size=1M")->isCached());
    EXPECT_FALSE(allocate(open("dma-heap:system-uncached,size=1M"), 1).isCached());
    EXPECT_TRUE(open("memfd,size=1M")->addressesAreLabels());
    EXPECT_FALSE(open("memfd,size=1M")->isDestroyed());
}

TEST_F(OpenTest, TakesACommaInAHeapsName) {
    fake.addDmaHeap("linux,cma");
    EXPECT_EQ(open("dma-heap:linux,cma,size=8M")->description(), "dma-heap:linux,cma,size=8M");
    EXPECT_EQ(open("dma-heap:linux,cma,contiguous=1,size=8M")->description(),
              "dma-heap:linux,cma,size=8M");
}

TEST_F(OpenTest, HonoursWhatTheSourceCan) {
    fake.addUdmabuf();
    fake.addDmaHeap("reserved");
    fake.addDmaHeap("system-uncached");
    EXPECT_TRUE(open("memfd,size=1M,cached=1,contiguous=0"));
    EXPECT_TRUE(open("udmabuf,size=1M,require=dmabuf,prefault=1"));
    EXPECT_TRUE(open("dma-heap:reserved,size=1M,contiguous=1,require=dmabuf"));
    EXPECT_TRUE(open("dma-heap:system-uncached,size=1M,cached=0"));
}

// ---- Refusals.

TEST_F(OpenTest, RefusesAnUnknownSource) {
    const Error error = refused("ion,size=64M");
    EXPECT_EQ(error.code, EINVAL);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("'ion'"), HasSubstr("mpp, mmz, dma-heap:<name>")));
}

TEST_F(OpenTest, RefusesAnUnknownKey) {
    EXPECT_THAT(refused("memfd,colour=red").message(), HasSubstr("unknown key 'colour'"));
}

TEST_F(OpenTest, RefusesAMalformedString) { EXPECT_EQ(refused("memfd,size").code, EINVAL); }

TEST_F(OpenTest, RefusesASizeOfZero) { EXPECT_EQ(refused("memfd,size=0").code, EINVAL); }

TEST_F(OpenTest, RefusesABadSuffix) { EXPECT_EQ(refused("memfd,size=64Q").code, EINVAL); }

TEST_F(OpenTest, RefusesMoreThanTheMachineHas) {
    fake.machineMemory = 1u << 30;
    for (const char* const size : {"1025M", "2G", "17179869183G", "18446744073709551615"}) {
        const Error error = refused(std::string("memfd,size=") + size);
        EXPECT_EQ(error.code, EINVAL) << size;
        EXPECT_THAT(error.message(), HasSubstr("1048576 KiB")) << "the memory there is";
    }
}

TEST_F(OpenTest, RefusesABaseThatIsNoPageOrRunsOverTheEnd) {
    EXPECT_EQ(refused("memfd,size=1M,base=100").code, EINVAL);
    EXPECT_EQ(refused("memfd,size=1M,base=0xfffffffffffff000").code, EINVAL);
    EXPECT_TRUE(Heap::open("memfd,size=1M,base=0xffffffffffe00000").ok());
}

TEST_F(OpenTest, RefusesADmaHeapThatDoesNotExistAndNamesThoseThatDo) {
    fake.addDmaHeap("system");
    fake.addDmaHeap("linux,cma");
    const Error error = refused("dma-heap:camera,size=8M");
    EXPECT_EQ(error.code, ENOENT);
    EXPECT_THAT(error.message(),
                AllOf(HasSubstr("/dev/dma_heap/camera"), HasSubstr("dma-heap:linux,cma"),
                      HasSubstr("dma-heap:system")));
}

TEST_F(OpenTest, SaysWhereNoDmaHeapExistsAtAll) {
    EXPECT_THAT(refused("dma-heap:system").message(), HasSubstr("CONFIG_DMABUF_HEAPS"));
}

TEST_F(OpenTest, SaysHowToGetUdmabuf) {
    const Error error = refused("udmabuf,size=8M");
    EXPECT_EQ(error.code, ENOENT);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("/dev/udmabuf"), HasSubstr("modprobe udmabuf")));
}

TEST_F(OpenTest, SaysWhomANodeWithoutPermissionBelongsTo) {
    fake.addDmaHeap("system", {{0020660, 0, 44}, EACCES});
    const Error error = refused("dma-heap:system,size=8M");
    EXPECT_EQ(error.code, EACCES);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("/dev/dma_heap/system"), HasSubstr("root:video"),
                                       HasSubstr("0660"), HasSubstr("group 'video'")));
}

TEST_F(OpenTest, SuggestsAUdevRuleWhereTheNodeIsRootsAlone) {
    fake.addUdmabuf({{0020600, 0, 0}, EACCES});
    const Error error = refused("udmabuf,size=8M");
    EXPECT_EQ(error.code, EACCES);
    EXPECT_THAT(error.message(),
                AllOf(HasSubstr("0600"), HasSubstr("udev rule"), HasSubstr("KERNEL==\"udmabuf\"")));
}

TEST_F(OpenTest, RefusesANodeWithoutADriver) {
    fake.addUdmabuf({{0020600, 0, 0}, ENODEV});
    EXPECT_EQ(refused("udmabuf,size=8M").code, ENODEV);
}

struct Wish {
    const char* string;
    const char* about;
};

TEST_F(OpenTest, RefusesWishesThatTheSourceCannotHonour) {
    fake.addUdmabuf();
    fake.addDmaHeap("system");
    fake.addDmaHeap("system-uncached");
    const Wish wishes[] = {
        {"memfd,size=1M,cached=0", "cached=0"},
        {"udmabuf,size=1M,cached=0", "cached=0"},
        {"dma-heap:system,size=1M,cached=0", "cached=0"},
        {"dma-heap:system-uncached,size=1M,cached=1", "cached=1"},
        {"memfd,size=1M,contiguous=1", "contiguous=1"},
        {"udmabuf,size=1M,contiguous=1", "contiguous=1"},
        {"dma-heap:system,size=1M,contiguous=1", "contiguous=1"},
        {"memfd,size=1M,require=dmabuf", "require=dmabuf"},
        {"memfd,size=1M,prefault=1", "prefault=1"},
        {"dma-heap:system,size=1M,prefault=1", "prefault=1"},
        {"memfd,size=1M,stray=report", "sanitize=1"},
    };
    for (const Wish& wish : wishes) {
        const Error error = refused(wish.string);
        EXPECT_EQ(error.code, EOPNOTSUPP) << wish.string;
        EXPECT_THAT(error.cause, HasSubstr(wish.about));
    }
}

TEST_F(OpenTest, LeavesNoHeapBehindThatItRefused) {
    refused("memfd,size=1M,cached=0");
    EXPECT_EQ(open("memfd,size=2M")->stats().size, 2u << 20);
}

} // namespace
} // namespace mediaheap
