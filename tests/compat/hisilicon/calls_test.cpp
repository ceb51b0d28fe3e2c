// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Every call with everything that can be wrong with its arguments, against what mpi_sys.h says; on
// the shared library, as a program has it.
#include <cstdlib>
#include <cstring>
#include <functional>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include <mpi_sys.h>

#include <mediaheap/heap.h>

namespace {

constexpr HI_U32 length = 3 * 65536; // three pages, however large they are

/// Two blocks of this process, and one that was freed.
struct Blocks {
    HI_U64 phys = 0;
    HI_VOID* virt = nullptr;
    HI_U64 cachedPhys = 0;
    HI_VOID* cachedVirt = nullptr;
    HI_U64 freedPhys = 0;
    HI_VOID* freedVirt = nullptr;

    Blocks() {
        EXPECT_EQ(HI_MPI_SYS_MmzAlloc(&phys, &virt, "plain", nullptr, length), HI_SUCCESS);
        EXPECT_EQ(HI_MPI_SYS_MmzAlloc_Cached(&cachedPhys, &cachedVirt, "cached", "", length),
                  HI_SUCCESS);
        EXPECT_EQ(HI_MPI_SYS_MmzAlloc(&freedPhys, &freedVirt, "freed", "anonymous", length),
                  HI_SUCCESS);
        EXPECT_EQ(HI_MPI_SYS_MmzFree(freedPhys, freedVirt), HI_SUCCESS);
    }
    ~Blocks() {
        HI_MPI_SYS_MmzFree(phys, nullptr);
        HI_MPI_SYS_MmzFree(cachedPhys, nullptr);
    }
    Blocks(const Blocks&) = delete;
    Blocks& operator=(const Blocks&) = delete;
};

HI_VOID* at(HI_VOID* base, size_t offset) { return static_cast<char*>(base) + offset; }

/// The two mappings of Mmap() and MmapCache() in terms of answers.
HI_S32 mapped(HI_VOID* address, HI_VOID* expected) {
    if (address)
        HI_MPI_SYS_Munmap(address, 1);
    return address == expected ? HI_SUCCESS : HI_FAILURE;
}

struct Row {
    const char* what;
    std::function<HI_S32(Blocks&)> call;
    HI_S32 expected;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.what; }

class Call : public testing::TestWithParam<Row> {
protected:
    void SetUp() override { ::setenv("MEDIAHEAP_DEFAULT", heap, 1); }

    static constexpr const char* heap = "simulated,mmz=anonymous,0,0x44000000,16M"
                                        ":abcdefghijklmnopqrstuvwxyz01234,0,0x50000000,1M";
};

TEST_P(Call, AnswersAsItsHeaderSays) {
    Blocks blocks;
    EXPECT_EQ(GetParam().call(blocks), GetParam().expected);
    // Whatever was wrong, nothing is broken.
    SYS_VIRMEM_INFO_S info;
    ASSERT_EQ(HI_MPI_SYS_GetVirMemInfo(blocks.freedVirt, &info), HI_ERR_SYS_ILLEGAL_PARAM);
    EXPECT_TRUE(mediaheap::Heap::open("auto").value()->validate().ok());
}

HI_S32 allocate(HI_U64* phys, HI_VOID** virt, const char* name, const char* zone, HI_U32 size,
                bool cached) {
    const HI_S32 answer = cached ? HI_MPI_SYS_MmzAlloc_Cached(phys, virt, name, zone, size)
                                 : HI_MPI_SYS_MmzAlloc(phys, virt, name, zone, size);
    if (answer == HI_SUCCESS)
        HI_MPI_SYS_MmzFree(*phys, *virt);
    return answer;
}

std::vector<Row> allocations(bool cached) {
    static HI_U64 phys;
    static HI_VOID* virt;
    const auto row = [cached](const char* what, HI_U64* p, HI_VOID** v, const char* name,
                              const char* zone, HI_U32 size, HI_S32 expected) {
        return Row{what, [=](Blocks&) { return allocate(p, v, name, zone, size, cached); },
                   expected};
    };
    static const std::string tooLong(40, 'x');
    static const std::string zoneAndMore = "abcdefghijklmnopqrstuvwxyz01234-and-more";
    return {
        row("alloc: NULL for the physical address", nullptr, &virt, "n", nullptr, 1,
            HI_ERR_SYS_NULL_PTR),
        row("alloc: NULL for the virtual address", &phys, nullptr, "n", nullptr, 1,
            HI_ERR_SYS_NULL_PTR),
        row("alloc: NULL for both names", &phys, &virt, nullptr, nullptr, 1, HI_SUCCESS),
        row("alloc: empty names", &phys, &virt, "", "", 1, HI_SUCCESS),
        row("alloc: no bytes", &phys, &virt, "n", nullptr, 0, HI_ERR_SYS_ILLEGAL_PARAM),
        row("alloc: a size that is no page", &phys, &virt, "n", nullptr, 4097, HI_SUCCESS),
        row("alloc: more than the zone", &phys, &virt, "n", nullptr, 17 << 20, HI_ERR_SYS_NOMEM),
        row("alloc: as much as can be asked for", &phys, &virt, "n", nullptr, 0xffffffffU,
            HI_ERR_SYS_NOMEM),
        row("alloc: a foreign zone", &phys, &virt, "n", "vpss", 1, HI_ERR_SYS_NOMEM),
        row("alloc: a block's name too long", &phys, &virt, tooLong.c_str(), nullptr, 1,
            HI_SUCCESS),
        row("alloc: a zone's name too long, cut to one there is", &phys, &virt, "n",
            zoneAndMore.c_str(), 1, HI_SUCCESS),
        row("alloc: a zone's name too long, cut to none", &phys, &virt, "n", tooLong.c_str(), 1,
            HI_ERR_SYS_NOMEM),
    };
}

INSTANTIATE_TEST_SUITE_P(MmzAlloc, Call, testing::ValuesIn(allocations(false)));
INSTANTIATE_TEST_SUITE_P(MmzAllocCached, Call, testing::ValuesIn(allocations(true)));

INSTANTIATE_TEST_SUITE_P(
    MmzFree, Call,
    testing::Values(
        Row{"free: 0", [](Blocks&) { return HI_MPI_SYS_MmzFree(0, nullptr); },
            HI_ERR_SYS_ILLEGAL_PARAM},
        Row{"free: NULL for the virtual address",
            [](Blocks& b) { return HI_MPI_SYS_MmzFree(b.phys, nullptr); }, HI_SUCCESS},
        Row{"free: another block's virtual address, which nobody looks at",
            [](Blocks& b) { return HI_MPI_SYS_MmzFree(b.phys, b.cachedVirt); }, HI_SUCCESS},
        Row{"free: inside the block",
            [](Blocks& b) { return HI_MPI_SYS_MmzFree(b.phys + 65536, nullptr); }, HI_SUCCESS},
        Row{"free: misaligned", [](Blocks& b) { return HI_MPI_SYS_MmzFree(b.phys + 3, nullptr); },
            HI_SUCCESS},
        Row{"free: its last byte",
            [](Blocks& b) { return HI_MPI_SYS_MmzFree(b.phys + length - 1, nullptr); }, HI_SUCCESS},
        Row{"free: twice",
            [](Blocks& b) {
                HI_MPI_SYS_MmzFree(b.phys, nullptr);
                return HI_MPI_SYS_MmzFree(b.phys, nullptr);
            },
            HI_ERR_SYS_ILLEGAL_PARAM},
        Row{"free: foreign", [](Blocks&) { return HI_MPI_SYS_MmzFree(0x50000000, nullptr); },
            HI_ERR_SYS_ILLEGAL_PARAM},
        Row{"free: mapped, and then unmapped",
            [](Blocks& b) {
                HI_VOID* const mapping = HI_MPI_SYS_Mmap(b.phys, length);
                const HI_S32 answer = HI_MPI_SYS_MmzFree(b.phys, nullptr);
                static_cast<char*>(mapping)[0] = 1; // still there
                EXPECT_EQ(HI_MPI_SYS_MmzFree(b.phys, nullptr), HI_ERR_SYS_ILLEGAL_PARAM);
                EXPECT_EQ(HI_MPI_SYS_Mmap(b.phys, 1), nullptr) << "no new mapping";
                EXPECT_EQ(HI_MPI_SYS_Munmap(mapping, length), HI_SUCCESS);
                EXPECT_EQ(HI_MPI_SYS_Munmap(mapping, length), HI_ERR_SYS_ILLEGAL_PARAM);
                return answer;
            },
            HI_ERR_SYS_BUSY}));

using Flush = HI_S32 (*)(HI_U64, HI_VOID*, HI_U32);

std::vector<Row> flushes(Flush flush) {
    const auto row = [](const char* what, std::function<HI_S32(Blocks&)> call, HI_S32 expected) {
        return Row{what, std::move(call), expected};
    };
    return {
        row(
            "flush: NULL", [=](Blocks& b) { return flush(b.cachedPhys, nullptr, 64); },
            HI_ERR_SYS_NULL_PTR),
        row(
            "flush: everything", [=](Blocks& b) { return flush(0, b.cachedVirt, 0); }, HI_SUCCESS),
        row(
            "flush: everything, as shipping programs write it",
            [=](Blocks&) { return flush(0, at(nullptr, 1), 0); }, HI_SUCCESS),
        row(
            "flush: everything, NULL", [=](Blocks&) { return flush(0, nullptr, 0); },
            HI_ERR_SYS_NULL_PTR),
        row(
            "flush: the block",
            [=](Blocks& b) { return flush(b.cachedPhys, b.cachedVirt, length); }, HI_SUCCESS),
        row(
            "flush: no bytes", [=](Blocks& b) { return flush(b.cachedPhys, b.cachedVirt, 0); },
            HI_ERR_SYS_ILLEGAL_PARAM),
        row(
            "flush: misaligned, inside the block",
            [=](Blocks& b) { return flush(b.cachedPhys + 100, at(b.cachedVirt, 100), 7); },
            HI_SUCCESS),
        row(
            "flush: beyond its end",
            [=](Blocks& b) { return flush(b.cachedPhys + 100, at(b.cachedVirt, 100), length); },
            HI_ERR_SYS_ILLEGAL_PARAM),
        row(
            "flush: another block's virtual address",
            [=](Blocks& b) { return flush(b.cachedPhys, b.virt, 64); }, HI_ERR_SYS_NOT_PERM),
        row(
            "flush: foreign physical address",
            [=](Blocks& b) { return flush(0x50000000, b.cachedVirt, 64); },
            HI_ERR_SYS_ILLEGAL_PARAM),
        row(
            "flush: foreign virtual address",
            [=](Blocks& b) { return flush(b.cachedPhys, &b, 64); }, HI_ERR_SYS_NOT_PERM),
        row(
            "flush: twice",
            [=](Blocks& b) {
                return flush(b.cachedPhys, b.cachedVirt, 64) +
                       flush(b.cachedPhys, b.cachedVirt, 64);
            },
            HI_SUCCESS),
        row(
            "flush: uncached", [=](Blocks& b) { return flush(b.phys, b.virt, 64); }, HI_SUCCESS),
        row(
            "flush: freed", [=](Blocks& b) { return flush(b.freedPhys, b.freedVirt, 64); },
            HI_ERR_SYS_ILLEGAL_PARAM),
    };
}

INSTANTIATE_TEST_SUITE_P(MmzFlushCache, Call, testing::ValuesIn(flushes(HI_MPI_SYS_MmzFlushCache)));
INSTANTIATE_TEST_SUITE_P(MflushCache, Call, testing::ValuesIn(flushes(HI_MPI_SYS_MflushCache)));

INSTANTIATE_TEST_SUITE_P(
    Mmap, Call,
    testing::Values(
        Row{"map: 0", [](Blocks&) { return mapped(HI_MPI_SYS_Mmap(0, 64), nullptr); }, HI_SUCCESS},
        Row{"map: no bytes", [](Blocks& b) { return mapped(HI_MPI_SYS_Mmap(b.phys, 0), nullptr); },
            HI_SUCCESS},
        Row{"map: the block",
            [](Blocks& b) { return mapped(HI_MPI_SYS_Mmap(b.phys, length), b.virt); }, HI_SUCCESS},
        Row{"map: misaligned, inside the block",
            [](Blocks& b) { return mapped(HI_MPI_SYS_Mmap(b.phys + 100, 5), at(b.virt, 100)); },
            HI_SUCCESS},
        Row{"map: beyond its end",
            [](Blocks& b) { return mapped(HI_MPI_SYS_Mmap(b.phys + 1, length), nullptr); },
            HI_SUCCESS},
        Row{"map: twice, which gives the same address and takes two unmaps",
            [](Blocks& b) {
                HI_VOID* const first = HI_MPI_SYS_Mmap(b.phys, length);
                EXPECT_EQ(HI_MPI_SYS_Mmap(b.phys, length), first);
                EXPECT_EQ(HI_MPI_SYS_Munmap(first, length), HI_SUCCESS);
                EXPECT_EQ(HI_MPI_SYS_MmzFree(b.phys, nullptr), HI_ERR_SYS_BUSY);
                return HI_MPI_SYS_Munmap(first, length);
            },
            HI_SUCCESS},
        Row{"map: a cached block past the caches",
            [](Blocks& b) { return mapped(HI_MPI_SYS_Mmap(b.cachedPhys, 64), nullptr); },
            HI_SUCCESS},
        Row{"map: foreign",
            [](Blocks&) { return mapped(HI_MPI_SYS_Mmap(0x50000000, 64), nullptr); }, HI_SUCCESS},
        Row{"map: freed",
            [](Blocks& b) { return mapped(HI_MPI_SYS_Mmap(b.freedPhys, 64), nullptr); },
            HI_SUCCESS},
        Row{"map cached: 0", [](Blocks&) { return mapped(HI_MPI_SYS_MmapCache(0, 64), nullptr); },
            HI_SUCCESS},
        Row{"map cached: the block",
            [](Blocks& b) {
                return mapped(HI_MPI_SYS_MmapCache(b.cachedPhys, length), b.cachedVirt);
            },
            HI_SUCCESS},
        Row{"map cached: misaligned, inside the block",
            [](Blocks& b) {
                return mapped(HI_MPI_SYS_MmapCache(b.cachedPhys + 9, 5), at(b.cachedVirt, 9));
            },
            HI_SUCCESS},
        Row{"map cached: a block past the caches",
            [](Blocks& b) { return mapped(HI_MPI_SYS_MmapCache(b.phys, 64), nullptr); },
            HI_SUCCESS},
        Row{"map cached: foreign",
            [](Blocks&) { return mapped(HI_MPI_SYS_MmapCache(0x50000000, 64), nullptr); },
            HI_SUCCESS}));

INSTANTIATE_TEST_SUITE_P(
    Munmap, Call,
    testing::Values(Row{"unmap: NULL", [](Blocks&) { return HI_MPI_SYS_Munmap(nullptr, 64); },
                        HI_ERR_SYS_NULL_PTR},
                    Row{"unmap: no bytes", [](Blocks& b) { return HI_MPI_SYS_Munmap(b.virt, 0); },
                        HI_ERR_SYS_ILLEGAL_PARAM},
                    Row{"unmap: beyond its end",
                        [](Blocks& b) { return HI_MPI_SYS_Munmap(b.virt, length + 65536); },
                        HI_ERR_SYS_ILLEGAL_PARAM},
                    Row{"unmap: inside the block",
                        [](Blocks& b) {
                            HI_VOID* const inner = HI_MPI_SYS_Mmap(b.phys + 65536, 64);
                            return HI_MPI_SYS_Munmap(inner, 64);
                        },
                        HI_SUCCESS},
                    Row{"unmap: the mapping that it was allocated with",
                        [](Blocks& b) {
                            SYS_VIRMEM_INFO_S known;
                            const HI_S32 answer = HI_MPI_SYS_Munmap(b.virt, length);
                            EXPECT_EQ(HI_MPI_SYS_GetVirMemInfo(b.virt, &known),
                                      HI_ERR_SYS_ILLEGAL_PARAM);
                            EXPECT_EQ(HI_MPI_SYS_Mmap(b.phys, length), b.virt)
                                << "it can be mapped anew";
                            EXPECT_EQ(HI_MPI_SYS_GetVirMemInfo(b.virt, &known), HI_SUCCESS);
                            EXPECT_EQ(HI_MPI_SYS_Munmap(b.virt, length), HI_SUCCESS);
                            return answer;
                        },
                        HI_SUCCESS},
                    Row{"unmap: twice",
                        [](Blocks& b) {
                            HI_MPI_SYS_Munmap(b.virt, length);
                            return HI_MPI_SYS_Munmap(b.virt, length);
                        },
                        HI_ERR_SYS_ILLEGAL_PARAM},
                    Row{"unmap: foreign", [](Blocks& b) { return HI_MPI_SYS_Munmap(&b, 64); },
                        HI_ERR_SYS_ILLEGAL_PARAM},
                    Row{"unmap: freed",
                        [](Blocks& b) { return HI_MPI_SYS_Munmap(b.freedVirt, 64); },
                        HI_ERR_SYS_ILLEGAL_PARAM}));

HI_S32 asked(const void* virt, HI_U64 phys, HI_BOOL cached) {
    SYS_VIRMEM_INFO_S info = {1, HI_FALSE};
    const HI_S32 answer = HI_MPI_SYS_GetVirMemInfo(virt, &info);
    if (answer == HI_SUCCESS) {
        EXPECT_EQ(info.u64PhyAddr, phys);
        EXPECT_EQ(info.bCached, cached);
    } else {
        EXPECT_EQ(info.u64PhyAddr, 1u) << "nothing is written with an error";
    }
    return answer;
}

INSTANTIATE_TEST_SUITE_P(
    GetVirMemInfo, Call,
    testing::Values(
        Row{"info: NULL for the address", [](Blocks&) { return asked(nullptr, 0, HI_FALSE); },
            HI_ERR_SYS_NULL_PTR},
        Row{"info: NULL for the answer",
            [](Blocks& b) { return HI_MPI_SYS_GetVirMemInfo(b.virt, nullptr); },
            HI_ERR_SYS_NULL_PTR},
        Row{"info: the block", [](Blocks& b) { return asked(b.virt, b.phys, HI_FALSE); },
            HI_SUCCESS},
        Row{"info: a cached block",
            [](Blocks& b) { return asked(b.cachedVirt, b.cachedPhys, HI_TRUE); }, HI_SUCCESS},
        Row{"info: misaligned, inside the block",
            [](Blocks& b) { return asked(at(b.virt, 777), b.phys + 777, HI_FALSE); }, HI_SUCCESS},
        Row{"info: its last byte",
            [](Blocks& b) { return asked(at(b.virt, length - 1), b.phys + length - 1, HI_FALSE); },
            HI_SUCCESS},
        Row{"info: twice",
            [](Blocks& b) {
                return asked(b.virt, b.phys, HI_FALSE) + asked(b.virt, b.phys, HI_FALSE);
            },
            HI_SUCCESS},
        Row{"info: memory of malloc()",
            [](Blocks&) {
                void* const foreign = std::calloc(1, 64);
                const HI_S32 answer = asked(foreign, 0, HI_FALSE);
                std::free(foreign);
                return answer;
            },
            HI_ERR_SYS_ILLEGAL_PARAM},
        Row{"info: freed", [](Blocks& b) { return asked(b.freedVirt, 0, HI_FALSE); },
            HI_ERR_SYS_ILLEGAL_PARAM}));

} // namespace
