// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The MMZ memory of a process on machines of every kind.
#include "mmz_process.h"

#include <cerrno>
#include <cstring>
#include <linux/dma-buf.h>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mediaheap/simulated/device.h>

#include "captured_log.h"
#include "heap_test.h"

namespace mediaheap::hisi {
namespace {

using simulated::Device;
using simulated::ViolationKind;
using test::CapturedLog;
using test::EnvironmentVariable;
using test::HeapTest;
using test::must;
using testing::AllOf;
using testing::HasSubstr;

class MmzProcessTest : public HeapTest {
protected:
    MmzProcessTest() { fake.machinePageSize = 4096; }

    /// A process whose `auto` is @p heap.
    void start(const std::string& heap, bool coherent = true) {
        default_ = std::make_unique<EnvironmentVariable>("MEDIAHEAP_DEFAULT", heap.c_str());
        process_ = std::make_unique<MmzProcess>(MmzProcess::Kind{coherent});
    }

    MmzProcess& process() { return *process_; }

    struct Memory {
        HI_S32 answer = HI_SUCCESS;
        HI_U64 phys = 0;
        void* virt = nullptr;
        auto* bytes() const { return static_cast<uint8_t*>(virt); }
    };

    Memory allocate(HI_U32 size, bool cached, const char* name = "block",
                    const char* zone = nullptr) {
        Memory memory;
        memory.answer = process().allocate(&memory.phys, &memory.virt, name, zone, size, cached);
        return memory;
    }

    static std::shared_ptr<Heap> heap() { return open("auto"); }

private:
    std::unique_ptr<EnvironmentVariable> default_;
    std::unique_ptr<MmzProcess> process_;
};

// ---- Reports.

TEST_F(MmzProcessTest, ShowsTheTutorialsSecondListing) {
    start("simulated,mmz=anonymous,0,0x44000000,64M:+sys_scale_coef,0x44000000,32K,0xC4B98000,1"
          ":+VGS_NodeBuf,0x44008000,332K,0xC4D00000,1:+hifb_layer0,0x4405B000,1620K"
          ":+IVE_QUEUE,0x441F0000,212K,0xC5600000,1:+IVE_TEMP_NODE,0x44225000,4K,0xC4ABA000,3");
    const Memory plain = allocate(1 << 20, false, "test", "anonymous");
    const Memory cached = allocate(1 << 20, true, "test_cache", "anonymous");
    EXPECT_EQ(plain.phys, 0x44226000u);
    EXPECT_EQ(cached.phys, 0x44326000u);
    EXPECT_EQ(
        heap()->report(ReportFormat::Text),
        "+---ZONE: PHYS(0x44000000, 0x47FFFFFF), GFP=0, nBYTES=65536KB,    NAME=\"anonymous\"\n"
        "   |-MMB: phys(0x44000000, 0x44007FFF), kvirt=0xC4B98000, flags=0x00000001, "
        "length=32KB,    name=\"sys_scale_coef\"\n"
        "   |-MMB: phys(0x44008000, 0x4405AFFF), kvirt=0xC4D00000, flags=0x00000001, "
        "length=332KB,    name=\"VGS_NodeBuf\"\n"
        "   |-MMB: phys(0x4405B000, 0x441EFFFF), kvirt=0x00000000, flags=0x00000000, "
        "length=1620KB,    name=\"hifb_layer0\"\n"
        "   |-MMB: phys(0x441F0000, 0x44224FFF), kvirt=0xC5600000, flags=0x00000001, "
        "length=212KB,    name=\"IVE_QUEUE\"\n"
        "   |-MMB: phys(0x44225000, 0x44225FFF), kvirt=0xC4ABA000, flags=0x00000003, "
        "length=4KB,    name=\"IVE_TEMP_NODE\"\n"
        "   |-MMB: phys(0x44226000, 0x44325FFF), kvirt=0x00000000, flags=0x00000000, "
        "length=1024KB,    name=\"test\"\n"
        "   |-MMB: phys(0x44326000, 0x44425FFF), kvirt=0x00000000, flags=0x00000000, "
        "length=1024KB,    name=\"test_cache\"\n"
        "\n"
        "---MMZ_USE_INFO:\n"
        " total size=65536KB(64MB),used=4248KB(4MB + 152KB),remain=61288KB(59MB + "
        "872KB),zone_number=1,block_number=7\n");
}

TEST_F(MmzProcessTest, CutsNamesToTheFieldsOfV4) {
    start("memfd,size=1M,base=0x44000000");
    allocate(1, true, "sixteen-letters-");
    allocate(1, true, nullptr);
    EXPECT_THAT(heap()->report(ReportFormat::Text),
                AllOf(HasSubstr("name=\"sixteen-letters\""), HasSubstr("name=\"<null>\"")));
}

TEST_F(MmzProcessTest, NamesWhatWasNeverFreed) {
    start("memfd,size=1M,base=0x44000000");
    allocate(5000, true, "preview");
    const Memory freed = allocate(1, false);
    EXPECT_EQ(process().free(freed.phys), HI_SUCCESS);
    const CapturedLog log;
    process().logLeaks();
    EXPECT_EQ(log.text(), "MMB LEAK(pid=" + std::to_string(::getpid()) +
                              "): 0x44000000, 8192 bytes, 'preview'\n");
}

// ---- Cached and uncached.

TEST_F(MmzProcessTest, MapsBothKindsOnTheSoc) {
    start("simulated,size=1M,base=0x44000000", false);
    const Memory plain = allocate(4096, false);
    const Memory cached = allocate(4096, true);
    Device ive("ive");
    std::memset(plain.virt, 1, 4096);
    std::memset(cached.virt, 2, 4096);

    uint8_t seen = 0;
    const UniqueFd plainFd(process().exportFd(plain.phys, nullptr));
    must(ive.read(plainFd.get(), 0, &seen, 1));
    EXPECT_EQ(seen, 1) << "uncached memory needs no flush";
    EXPECT_EQ(heap()->stats().violations, 0u);

    const CapturedLog quiet;
    HI_U32 offset = 0;
    const UniqueFd cachedFd(process().exportFd(cached.phys + 100, &offset));
    EXPECT_EQ(offset, 100u);
    must(ive.read(cachedFd.get(), 0, &seen, 1));
    ASSERT_EQ(heap()->stats().violations, 1u) << "this flush is missing";
    EXPECT_EQ(heap()->takeViolations()[0].kind, ViolationKind::DeviceReadDirty);

    EXPECT_EQ(process().flush(cached.phys, cached.virt, 4096), HI_SUCCESS);
    must(ive.read(cachedFd.get(), 0, &seen, 1));
    EXPECT_EQ(seen, 2);
    must(ive.fill(cachedFd.get(), 0, 4096, 3));
    EXPECT_EQ(process().flush(0, reinterpret_cast<void*>(1), 0), HI_SUCCESS);
    EXPECT_EQ(cached.bytes()[4095], 3);
    std::memset(cached.virt, 4, 4096);
    EXPECT_NE(process().map(cached.phys, 4096, true), nullptr);
    EXPECT_EQ(process().unmap(cached.virt, 4096), HI_SUCCESS) << "which flushes";
    must(ive.read(cachedFd.get(), 0, &seen, 1));
    EXPECT_EQ(seen, 4);
    EXPECT_EQ(heap()->stats().violations, 1u);
}

TEST_F(MmzProcessTest, ServesUncachedMemoryThroughCoherentCachesAndSaysSoOnce) {
    fake.addUdmabuf();
    start("udmabuf,size=1M,base=0x44000000", true);
    const CapturedLog log;
    const Memory first = allocate(4096, false);
    const Memory second = allocate(4096, false);
    EXPECT_EQ(first.answer, HI_SUCCESS);
    EXPECT_EQ(second.answer, HI_SUCCESS);
    SYS_VIRMEM_INFO_S info;
    EXPECT_EQ(process().describe(first.virt, &info), HI_SUCCESS);
    EXPECT_EQ(info.bCached, HI_FALSE) << "as it was asked for";
    const std::string said = log.text(LogLevel::Info);
    const size_t at = said.find("HI_MPI_SYS_MmzAlloc: this heap maps only through the caches");
    ASSERT_NE(at, std::string::npos) << said;
    EXPECT_EQ(said.find("HI_MPI_SYS_MmzAlloc", at + 1), std::string::npos) << said;
    EXPECT_EQ(log.text(LogLevel::Warning), "");
}

TEST_F(MmzProcessTest, RefusesUncachedMemoryWhereCachesAreNotCoherent) {
    fake.addUdmabuf();
    start("udmabuf,size=1M,base=0x44000000", false);
    const CapturedLog log;
    EXPECT_EQ(allocate(4096, false).answer, HI_ERR_SYS_NOT_SUPPORT);
    EXPECT_THAT(log.text(), HasSubstr("always cached"));
    EXPECT_EQ(allocate(4096, true).answer, HI_SUCCESS);
    EXPECT_EQ(heap()->stats().blocks, 1u);
}

TEST_F(MmzProcessTest, ServesUncachedMemoryThatNoHardwareSeesOnAnyMachine) {
    start("memfd,size=1M,base=0x44000000", false);
    EXPECT_EQ(allocate(4096, false).answer, HI_SUCCESS);
}

TEST_F(MmzProcessTest, ServesCachedMemoryPastTheCachesWhereThereIsNoOther) {
    fake.addDmaHeap("system-uncached");
    start("dma-heap:system-uncached,size=1M,base=0x44000000", false);
    const Memory memory = allocate(4096, true);
    EXPECT_EQ(memory.answer, HI_SUCCESS);
    EXPECT_EQ(process().flush(memory.phys, memory.virt, 64), HI_SUCCESS);
}

// ---- Addresses.

TEST_F(MmzProcessTest, GivesAddress0ToNobody) {
    start("memfd,size=1M");
    const Memory memory = allocate(8192, true);
    EXPECT_EQ(memory.phys, 4096u) << "0 would mean everything to a flush";
    EXPECT_THAT(heap()->report(ReportFormat::Text), HasSubstr("name=\"address 0\""));
    EXPECT_EQ(allocate(4096, false).phys, 3u * 4096);
}

TEST_F(MmzProcessTest, LeavesNothingInTheHeapWhenAllIsFreed) {
    start("memfd,size=1M");
    for (const bool unmapsLast : {false, true}) {
        const Memory first = allocate(8192, true);
        const Memory second = allocate(4096, true);
        EXPECT_EQ(process().free(first.phys), HI_SUCCESS);
        EXPECT_EQ(heap()->stats().used, 2u * 4096) << "and address 0 is still nobody's";
        if (unmapsLast) {
            void* const data = process().map(second.phys, 4096, true);
            EXPECT_EQ(process().free(second.phys), HI_ERR_SYS_BUSY);
            EXPECT_EQ(process().unmap(data, 4096), HI_SUCCESS);
        } else {
            EXPECT_EQ(process().free(second.phys), HI_SUCCESS);
        }
        EXPECT_EQ(heap()->stats().used, 0u) << "as a destroy before an update needs it";
    }
    EXPECT_EQ(allocate(4096, true).phys, 4096u);
}

TEST_F(MmzProcessTest, SaysThatThereIsNoHeap) {
    start("udmabuf");
    const CapturedLog log;
    EXPECT_EQ(allocate(4096, true).answer, HI_ERR_SYS_NOTREADY);
    EXPECT_THAT(log.text(), HasSubstr("/dev/udmabuf"));
}

// ---- Faults.

TEST_F(MmzProcessTest, PassesOnThatAFlushFailed) {
    fake.addUdmabuf();
    start("udmabuf,size=1M,base=0x44000000");
    const Memory memory = allocate(4096, true);
    fake.failSync(DMA_BUF_SYNC_END, EIO);
    const CapturedLog log;
    EXPECT_EQ(process().flush(memory.phys, memory.virt, 64), HI_ERR_SYS_NOTREADY);
    EXPECT_THAT(log.text(), HasSubstr("MmzFlushCache"));
    EXPECT_EQ(process().flush(memory.phys, memory.virt, 64), HI_SUCCESS);
}

TEST_F(MmzProcessTest, LeavesNothingWhereMemoryCannotBeMade) {
    start("memfd,size=1M,base=0x44000000");
    const CapturedLog quiet;
    EXPECT_EQ(allocate(2 << 20, true).answer, HI_ERR_SYS_NOMEM);
    EXPECT_EQ(allocate(1, true, "n", "vpss").answer, HI_ERR_SYS_NOMEM);
    EXPECT_EQ(heap()->stats().blocks, 0u);
}

// ---- Threads.

TEST_F(MmzProcessTest, TakesCallsFromManyThreads) {
    start("memfd,size=16M,base=0x44000000");
    std::vector<std::thread> threads;
    for (unsigned number = 1; number <= 4; number++)
        threads.emplace_back([&, number] {
            for (int round = 0; round < 50; round++) {
                const Memory memory = allocate(4096 * number, round % 2 == 0);
                ASSERT_EQ(memory.answer, HI_SUCCESS);
                std::memset(memory.virt, static_cast<int>(number), 4096 * number);
                SYS_VIRMEM_INFO_S info;
                ASSERT_EQ(process().describe(memory.bytes() + 5, &info), HI_SUCCESS);
                ASSERT_EQ(info.u64PhyAddr, memory.phys + 5);
                ASSERT_EQ(process().flush(0, memory.virt, 0), HI_SUCCESS);
                ASSERT_EQ(process().map(memory.phys, 1, round % 2 == 0), memory.virt);
                ASSERT_EQ(process().unmap(memory.virt, 1), HI_SUCCESS);
                ASSERT_EQ(memory.bytes()[0], number);
                ASSERT_EQ(process().free(memory.phys), HI_SUCCESS);
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(heap()->stats().blocks, 0u);
    must(heap()->validate());
}

} // namespace
} // namespace mediaheap::hisi
