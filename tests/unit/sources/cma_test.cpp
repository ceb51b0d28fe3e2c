// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a heap says when CMA has no more: how much there is, and how much to reserve.
#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/cma.h"
#include "heap_test.h"

namespace mediaheap {
namespace {

using test::Call;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr uint64_t mib = uint64_t{1} << 20;

TEST(CmaReservation, HoldsTheBytesAndAMarginInWholeGrains) {
    static_assert(cmaReservation(0) == 0);
    static_assert(cmaReservation(1) == 4 * mib);
    static_assert(cmaReservation(64 * mib) == 72 * mib);
    static_assert(cmaReservation(4 * mib, 0) == 4 * mib);
    static_assert(!cmaReservation(UINT64_MAX));
    static_assert(!cmaReservation(UINT64_MAX, 0));
    EXPECT_EQ(cmaReservation(40 * mib), 44 * mib) << "44 MiB with the margin";
}

class LackOfCma : public test::HeapTest {
protected:
    LackOfCma() { fake.addDmaHeap("linux,cma"); }

    /// What an allocation of @p size says once the heap below has given @p memory bytes.
    std::string failure(size_t size, uint64_t memory) {
        fake.dmaHeapMemory = memory;
        const auto heap = open("dma-heap:linux,cma,size=64M");
        const auto block = heap->allocate(size);
        if (block)
            return "no failure";
        EXPECT_EQ(block.error().code, ENOMEM);
        return block.error().message();
    }

    void setMeminfo(const std::string& cma) {
        fake.files["/proc/meminfo"] = "MemTotal:         249300 kB\nMemFree:           18000 kB\n" +
                                      cma + "HugePages_Total:       0\n";
    }
};

TEST_F(LackOfCma, SaysHowMuchThereIsAndWhatToReserve) {
    setMeminfo("CmaTotal:          65536 kB\nCmaFree:            1200 kB\n");
    EXPECT_THAT(failure(8 * mib, 0),
                AllOf(HasSubstr("CMA has 1200 KiB free of 65536 KiB"),
                      HasSubstr("heap of 65536 KiB alone `mediaheap plan` reserves 72M"),
                      HasSubstr("boot with cma=72M"), HasSubstr("reserved-memory"),
                      Not(HasSubstr("in one piece"))));
}

TEST_F(LackOfCma, OfEnoughThatIsInPiecesSaysThat) {
    setMeminfo("CmaTotal:          65536 kB\nCmaFree:            9000 kB\n");
    EXPECT_THAT(failure(8 * mib, 0), HasSubstr("9000 KiB free of 65536 KiB (CmaFree and CmaTotal "
                                               "in /proc/meminfo), but not in one piece"));
}

TEST_F(LackOfCma, OnAKernelWithoutSaysThereIsNone) {
    setMeminfo("");
    EXPECT_THAT(failure(page, 0), HasSubstr("this kernel has no CMA"));
    setMeminfo("CmaTotal:              0 kB\nCmaFree:               0 kB\n");
    EXPECT_THAT(failure(page, 0), HasSubstr("this kernel has no CMA"));
}

TEST_F(LackOfCma, ThatCannotBeLookedUpIsStillExplained) {
    fake.dmaHeapMemory = 0;
    for (const Call call : {Call::Open, Call::Read}) {
        const auto heap = open("dma-heap:linux,cma,size=64M");
        faults.failFrom(call, 1, EACCES);
        const auto block = heap->allocate(page);
        faults.clearFaults();
        ASSERT_FALSE(block.ok());
        EXPECT_EQ(block.error().code, ENOMEM);
        EXPECT_THAT(block.error().message(),
                    AllOf(HasSubstr("how much cannot be told"), HasSubstr("cma=72M")));
    }
}

TEST_F(LackOfCma, IsWhatTheListOfSourcesSaysToo) {
    setMeminfo("CmaTotal:          65536 kB\nCmaFree:               0 kB\n");
    fake.dmaHeapMemory = 0;
    bool seen = false;
    for (const SourceInfo& source : Heap::sources()) {
        if (source.heap.rfind("dma-heap:linux,cma", 0) != 0)
            continue;
        seen = true;
        EXPECT_FALSE(source.usable);
        EXPECT_THAT(source.reason, HasSubstr("CMA has 0 KiB free of 65536 KiB"));
    }
    EXPECT_TRUE(seen);
}

TEST_F(LackOfCma, IsNoMatterOfHeapsThatHaveNone) {
    fake.addDmaHeap("system");
    fake.dmaHeapMemory = 0;
    const auto block = open("dma-heap:system,size=64M")->allocate(page);
    ASSERT_FALSE(block.ok());
    EXPECT_THAT(block.error().message(), Not(HasSubstr("CMA")));
}

} // namespace
} // namespace mediaheap
