// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What `auto` chooses, and how it explains the choice.
#include <cerrno>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heap_test.h"

namespace mediaheap {
namespace {

using test::EnvironmentVariable;
using test::HeapTest;
using test::must;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names(const std::vector<SourceInfo>& infos) {
    std::vector<std::string> result;
    for (const SourceInfo& info : infos)
        result.push_back(info.heap);
    return result;
}

const SourceInfo& find(const std::vector<SourceInfo>& infos, const std::string& heap) {
    for (const SourceInfo& info : infos) {
        if (info.heap == heap)
            return info;
    }
    throw std::runtime_error("no " + heap + " among the sources");
}

class AutoTest : public HeapTest {};

// ---- The choice.

TEST_F(AutoTest, PrefersAContiguousHeap) {
    fake.addUdmabuf();
    fake.addDmaHeap("system");
    fake.addDmaHeap("linux,cma");
    const auto heap = open("auto,size=1M");
    EXPECT_EQ(heap->description(), "dma-heap:linux,cma,size=1M");
    EXPECT_THAT(names(heap->passedOver()), ElementsAre("mpp", "mmz"));
}

TEST_F(AutoTest, PrefersTheVendorsHeaps) {
    fake.addDmaHeap("linux,cma");
    fake.addMmz("anonymous", 1 << 20);
    EXPECT_EQ(open("auto,size=1M")->description(), "mmz,size=1M");
    EXPECT_EQ(open("auto,size=1M,require=dmabuf")->description(), "dma-heap:linux,cma,size=1M");
    fake.addHeapNode("/dev/dmabuf/mpp");
    EXPECT_EQ(open("auto,size=1M")->description(), "mpp,size=1M");
}

TEST_F(AutoTest, TakesTheKernelsOwnReservedHeapForNoMppHeap) {
    fake.addDmaHeap("reserved");
    const auto heap = open("auto,size=1M");
    EXPECT_EQ(heap->description(), "dma-heap:reserved,size=1M");
    EXPECT_THAT(names(heap->passedOver()), ElementsAre("mmz"));
    EXPECT_EQ(open("mpp,size=1M")->description(), "mpp,size=1M") << "where it is asked for";
}

TEST_F(AutoTest, PassesOverAnMppHeapThatWasDestroyed) {
    fake.knowsDestroy = true;
    fake.addDmaHeap("mpp");
    fake.addUdmabuf();
    must(open("mpp")->destroy());
    const auto heap = open("auto,size=1M");
    EXPECT_EQ(heap->description(), "udmabuf,size=1M");
    EXPECT_THAT(find(heap->passedOver(), "mpp").reason, HasSubstr("reboot"));
}

TEST_F(AutoTest, KnowsTheContiguousHeapsByTheirNames) {
    for (const char* const name : {"reserved", "default_cma_region", "default-pool"}) {
        fake.addDmaHeap(name, {{}, EACCES});
    }
    EXPECT_THAT(names(open("auto,size=1M")->passedOver()),
                ElementsAre("mmz", "dma-heap:default-pool", "dma-heap:default_cma_region",
                            "dma-heap:reserved", "dma-heap:system", "udmabuf"));
}

TEST_F(AutoTest, TakesTheSystemHeapNext) {
    fake.addUdmabuf();
    fake.addDmaHeap("system");
    EXPECT_EQ(open("auto,size=1M")->description(), "dma-heap:system,size=1M");
}

TEST_F(AutoTest, TakesUdmabufNext) {
    fake.addUdmabuf();
    fake.addDmaHeap("system", {{}, EACCES});
    EXPECT_EQ(open("auto,size=1M")->description(), "udmabuf,size=1M");
}

TEST_F(AutoTest, FallsToMemfdAndSaysWhyNotTheOthers) {
    fake.addDmaHeap("system", {{0020660, 0, 44}, EACCES});
    const auto heap = open("auto,size=1M");
    EXPECT_EQ(heap->description(), "memfd,size=1M");
    EXPECT_FALSE(heap->isDmaBuf());

    const std::vector<SourceInfo>& passed = heap->passedOver();
    EXPECT_THAT(names(passed), ElementsAre("mpp", "mmz", "dma-heap:default_cma_region",
                                           "dma-heap:system", "udmabuf"));
    for (const SourceInfo& info : passed) {
        EXPECT_FALSE(info.usable);
        EXPECT_NE(info.reason, "");
        EXPECT_TRUE(info.automatic);
    }
    EXPECT_THAT(find(passed, "dma-heap:system").reason,
                AllOf(HasSubstr("Permission denied"), HasSubstr("video")));
    EXPECT_THAT(find(passed, "udmabuf").reason, HasSubstr("no such device node"));
}

TEST_F(AutoTest, NeverChoosesAHeapWhoseMemoryIsNotKnown) {
    fake.addDmaHeap("camera");
    fake.addDmaHeap("system-uncached");
    EXPECT_EQ(open("auto,size=1M")->description(), "memfd,size=1M");
}

TEST_F(AutoTest, PassesOverWhatCannotHonourTheWishes) {
    fake.addUdmabuf();
    fake.addDmaHeap("system");
    const auto heap = open("auto,size=1M,prefault=1");
    EXPECT_EQ(heap->description(), "udmabuf,size=1M,prefault=1");
    EXPECT_THAT(find(heap->passedOver(), "dma-heap:system").reason, HasSubstr("prefault=1"));
}

TEST_F(AutoTest, FailsWhereDmaBufsAreRequiredAndThereAreNone) {
    const Result<std::shared_ptr<Heap>> heap = Heap::open("auto,size=1M,require=dmabuf");
    ASSERT_FALSE(heap.ok());
    EXPECT_EQ(heap.error().code, ENODEV);
    EXPECT_THAT(heap.error().message(),
                AllOf(HasSubstr("auto,size=1M,require=dmabuf"), HasSubstr("/dev/udmabuf"),
                      HasSubstr("memfd"), HasSubstr("no DMA-BUF")));
    EXPECT_NE(heap.error().remedy, "");
}

TEST_F(AutoTest, DoesNotTakeAnOpenMemfdHeapWhereDmaBufsAreRequired) {
    const auto standIn = open("auto,size=1M");
    EXPECT_FALSE(Heap::open("auto,require=dmabuf").ok());
    fake.addUdmabuf();
    EXPECT_EQ(open("auto,size=1M,require=dmabuf")->description(), "udmabuf,size=1M");
}

TEST_F(AutoTest, DoesNotHideAContradictionBehindAnotherSource) {
    const auto first = open("memfd,size=1M");
    const Result<std::shared_ptr<Heap>> second = Heap::open("auto,size=2M");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, EBUSY);
}

// ---- MEDIAHEAP_DEFAULT.

TEST_F(AutoTest, IsWhatTheEnvironmentSays) {
    fake.addDmaHeap("system");
    const EnvironmentVariable variable("MEDIAHEAP_DEFAULT", "memfd,size=4M,zone=camera");
    const auto heap = open("auto");
    EXPECT_EQ(heap->description(), "memfd,size=4M,zone=camera");
    EXPECT_THAT(heap->passedOver(), IsEmpty());
}

TEST_F(AutoTest, LetsKeysThatWereGivenWinOverTheEnvironments) {
    const EnvironmentVariable variable("MEDIAHEAP_DEFAULT", "memfd,size=4M,zone=camera");
    EXPECT_EQ(open("auto,size=2M")->description(), "memfd,size=2M,zone=camera");
    EXPECT_EQ(open("auto,zone=other")->description(), "memfd,size=4M,zone=other");
}

TEST_F(AutoTest, LeavesANamedSourceAlone) {
    const EnvironmentVariable variable("MEDIAHEAP_DEFAULT", "udmabuf,size=4M");
    EXPECT_EQ(open("memfd,size=1M")->description(), "memfd,size=1M");
}

TEST_F(AutoTest, TakesAnEmptyEnvironmentVariableForNone) {
    const EnvironmentVariable variable("MEDIAHEAP_DEFAULT", "");
    EXPECT_EQ(open("auto,size=1M")->description(), "memfd,size=1M");
}

TEST_F(AutoTest, DoesNotFallBackFromWhatTheEnvironmentSays) {
    const EnvironmentVariable variable("MEDIAHEAP_DEFAULT", "udmabuf");
    const Result<std::shared_ptr<Heap>> heap = Heap::open("auto,size=1M");
    ASSERT_FALSE(heap.ok());
    EXPECT_EQ(heap.error().code, ENOENT);
}

TEST_F(AutoTest, NamesTheEnvironmentVariableThatIsWrong) {
    for (const char* const value : {"ion", "memfd,size=0", "auto", "auto,size=4M"}) {
        const EnvironmentVariable variable("MEDIAHEAP_DEFAULT", value);
        const Result<std::shared_ptr<Heap>> heap = Heap::open("auto");
        ASSERT_FALSE(heap.ok()) << value;
        EXPECT_EQ(heap.error().code, EINVAL);
        EXPECT_THAT(heap.error().message(), HasSubstr(std::string("MEDIAHEAP_DEFAULT=") + value));
    }
}

// ---- Heap::sources().

TEST_F(AutoTest, ListsEverySourceInTheOrderOfPreference) {
    fake.addUdmabuf();
    fake.addDmaHeap("system");
    fake.addDmaHeap("linux,cma");
    fake.addDmaHeap("camera");
    fake.addMmz("anonymous", 1 << 20);
    fake.addHeapNode("/dev/dmabuf/mpp");
    const std::vector<SourceInfo> infos = Heap::sources();
    EXPECT_THAT(names(infos), ElementsAre("mpp", "mmz", "dma-heap:linux,cma", "dma-heap:system",
                                          "udmabuf", "memfd", "dma-heap:camera", "simulated"));
    for (const SourceInfo& info : infos) {
        EXPECT_TRUE(info.usable) << info.reason;
        EXPECT_EQ(info.reason, "");
        EXPECT_NE(info.summary, "");
        EXPECT_EQ(info.dmabuf,
                  info.heap != "memfd" && info.heap != "simulated" && info.heap != "mmz");
        EXPECT_EQ(info.contiguous,
                  info.heap == "dma-heap:linux,cma" || info.heap == "mpp" || info.heap == "mmz");
        EXPECT_EQ(info.automatic, info.heap != "dma-heap:camera" && info.heap != "simulated");
    }
}

TEST_F(AutoTest, ListsWhatIsNotThereWithTheReason) {
    const std::vector<SourceInfo> infos = Heap::sources();
    EXPECT_TRUE(find(infos, "memfd").usable);
    for (const char* const missing :
         {"mpp", "mmz", "dma-heap:default_cma_region", "dma-heap:system", "udmabuf"}) {
        EXPECT_FALSE(find(infos, missing).usable);
        EXPECT_THAT(find(infos, missing).reason, HasSubstr("no such device node"));
    }
}

TEST_F(AutoTest, ListsAHeapThatOpensButGivesNoMemory) {
    fake.addDmaHeap("reserved");
    fake.dmaHeapMemory = 0;
    fake.files["/proc/meminfo"] = "CmaTotal: 65536 kB\nCmaFree: 0 kB\n";
    EXPECT_FALSE(find(Heap::sources(), "dma-heap:reserved").usable);
    EXPECT_THAT(find(Heap::sources(), "dma-heap:reserved").reason, HasSubstr("CmaFree"));
}

} // namespace
} // namespace mediaheap
