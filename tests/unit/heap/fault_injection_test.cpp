// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Every system call of a heap's life fails once, one after the other. Whatever fails, the outcome
// is success or an error that says what failed, and nothing is left behind: the fixture looks for
// descriptors, mappings and buffers.
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "captured_log.h"
#include "heap_test.h"

namespace mediaheap {
namespace {

using test::Call;
using test::HeapTest;
using test::must;
using testing::HasSubstr;

class FaultInjectionTest : public HeapTest, public testing::WithParamInterface<const char*> {
protected:
    FaultInjectionTest() {
        fake.addUdmabuf();
        fake.addDmaHeap("system");
        fake.addDmaHeap("linux,cma", {{}, EACCES});
    }

    /// True for success. An error must name the heap, and be the one that was injected or a
    /// consequence of it.
    template <typename T> bool worked(const Result<T>& result) {
        if (result)
            return true;
        lastError = result.error();
        EXPECT_THAT(result.error().message(), HasSubstr("heap '"));
        EXPECT_NE(result.error().step, "");
        return false;
    }

    bool fillAndCheck(const Block& block, uint8_t value) {
        Result<Mapping> writing = block.map(Access::Write);
        if (!worked(writing))
            return false;
        std::memset(writing->data(), value, writing->size());
        if (!worked(writing->end()))
            return false;
        Result<Mapping> reading = block.map(Access::Read);
        if (!worked(reading))
            return false;
        const auto* const bytes = static_cast<const uint8_t*>(reading->data());
        EXPECT_EQ(bytes[0], value);
        EXPECT_EQ(std::memcmp(bytes, bytes + 1, reading->size() - 1), 0);
        return worked(reading->end());
    }

    /// Allocates, with the statistics as they were where that fails.
    Result<Block> tryAllocate(const std::shared_ptr<Heap>& heap, size_t size,
                              const AllocOptions& options = {}) {
        const Stats before = heap->stats();
        Result<Block> block = heap->allocate(size, options);
        const Stats after = heap->stats();
        EXPECT_EQ(after.failures, before.failures + (block ? 0 : 1));
        if (!block) {
            EXPECT_EQ(after.used, before.used);
            EXPECT_EQ(after.blocks, before.blocks);
        }
        return block;
    }

    /// A heap's life; true when nothing in it failed. Goes on after a failure as a program would.
    bool live() {
        Result<std::shared_ptr<Heap>> opened = Heap::open(GetParam());
        if (!worked(opened))
            return false;
        const std::shared_ptr<Heap> heap = *opened;
        bool good = true;
        {
            AllocOptions aligned = named("aligned");
            aligned.alignment = 8 * page;
            aligned.zero = true;
            Result<Block> first = tryAllocate(heap, 3 * page, aligned);
            Result<Block> second = tryAllocate(heap, page, named("second"));
            good = worked(first) && worked(second) && good;
            if (first) {
                good = fillAndCheck(*first, 0x11) && good;
                const Result<UniqueFd> exported = first->exportFd();
                good = worked(exported) && good;
            }
            if (second)
                good = fillAndCheck(*second, 0x22) && good;
        }
        {
            Result<Block> recycled = tryAllocate(heap, page, named("recycled"));
            good = worked(recycled) && good;
            if (recycled)
                good = fillAndCheck(*recycled, 0x33) && good;
        }
        heap->trim();
        {
            Result<Block> third = tryAllocate(heap, 2 * page);
            good = worked(third) && good;
        }
        EXPECT_NE(heap->report(ReportFormat::Text), "");
        must(heap->validate());

        // Memory whose holders could not be told may wait; without faults it must come back.
        faults.clearFaults();
        EXPECT_EQ(heap->stats().used, 0u);
        EXPECT_EQ(heap->stats().held, 0u);
        must(heap->validate());
        must(heap->destroy());
        EXPECT_EQ(fake.liveBuffers(), 0u);
        return good;
    }

    Error lastError;
};

INSTANTIATE_TEST_SUITE_P(
    Heaps, FaultInjectionTest,
    testing::Values("memfd,size=256K", "udmabuf,size=256K", "udmabuf,size=256K,prefault=1,cache=0",
                    "dma-heap:system,size=256K", "auto,size=256K", "simulated,size=256K",
                    "simulated,size=256K,cached=0", "memfd,size=256K,sanitize=1",
                    "udmabuf,size=256K,sanitize=1", "simulated,size=256K,sanitize=1"),
    [](const auto& row) {
        std::string name;
        for (const char c : std::string(row.param))
            name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
        return name;
    });

TEST_P(FaultInjectionTest, NothingFailsWithoutAFault) { EXPECT_TRUE(live()); }

TEST_P(FaultInjectionTest, AnyCallMayFailOnce) {
    const test::CapturedLog log;
    for (const int error : {EMFILE, ENOMEM}) {
        unsigned failures = 0;
        uint64_t ordinal = 0;
        do {
            faults.failNth(++ordinal, error);
            if (!live()) {
                ++failures;
                EXPECT_TRUE(lastError.code == error || lastError.code == ENODEV)
                    << lastError.message();
            }
            EXPECT_EQ(faults.mappingsLeft(), "") << faults.fired() << ", call " << ordinal;
            if (HasFailure()) {
                FAIL() << "after " << std::strerror(error) << " at call " << ordinal << " ("
                       << faults.fired() << ")\n"
                       << log.text(LogLevel::Debug);
            }
        } while (faults.fired() != "");
        EXPECT_GT(ordinal, 15u) << "a heap's life has more calls than that";
        EXPECT_GT(failures, 5u) << "the injected faults went unnoticed";
    }
}

TEST_P(FaultInjectionTest, AnyCallMayBeInterruptedOnceAndNobodyNotices) {
    uint64_t ordinal = 0;
    do {
        faults.failNth(++ordinal, EINTR);
        // mmap(2) is interrupted in a process that is being killed only.
        EXPECT_TRUE(live() || faults.fired() == "map")
            << "call " << ordinal << " (" << faults.fired() << "): " << lastError.message();
    } while (faults.fired() != "" && !HasFailure());
}

TEST_P(FaultInjectionTest, AnyKindOfCallMayFailForGood) {
    const test::CapturedLog log;
    for (const int error : {EMFILE, ENOMEM, EIO}) {
        for (size_t kind = 0; kind < test::callKinds; ++kind) {
            for (const uint64_t from : {1, 2, 3, 5, 8}) {
                faults.failFrom(static_cast<Call>(kind), from, error);
                live();
                EXPECT_EQ(faults.mappingsLeft(), "");
                if (HasFailure())
                    FAIL() << "after " << std::strerror(error) << " from "
                           << test::callName(static_cast<Call>(kind)) << " " << from << " on\n"
                           << log.text(LogLevel::Debug);
            }
        }
    }
}

TEST_P(FaultInjectionTest, AHeapThatCouldNotBeOpenedCanBeOpenedLater) {
    const test::CapturedLog log;
    for (uint64_t ordinal = 1;; ++ordinal) {
        faults.failNth(ordinal, ENOMEM);
        Result<std::shared_ptr<Heap>> heap = Heap::open(GetParam());
        const bool fired = faults.fired() != "";
        faults.clearFaults();
        if (!heap)
            heap = Heap::open(GetParam());
        ASSERT_TRUE(heap.ok()) << heap.error().message();
        EXPECT_TRUE(allocate(*heap, page).isValid());
        if (!fired)
            break;
    }
}

} // namespace
} // namespace mediaheap
