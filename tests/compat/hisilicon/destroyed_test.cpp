// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The calls when somebody has destroyed the process's heap, and when there never was one.
#include <cstdlib>

#include <gtest/gtest.h>

#include <mediaheap_hisi.h>

#include <mediaheap/heap.h>

namespace {

void expectNothingWorks(HI_U64 phys, HI_VOID* virt) {
    HI_U64 newPhys = 7;
    HI_VOID* newVirt = virt;
    SYS_VIRMEM_INFO_S info;
    EXPECT_EQ(HI_MPI_SYS_MmzAlloc(&newPhys, &newVirt, "n", nullptr, 64), HI_ERR_SYS_NOTREADY);
    EXPECT_EQ(HI_MPI_SYS_MmzAlloc_Cached(&newPhys, &newVirt, "n", nullptr, 64),
              HI_ERR_SYS_NOTREADY);
    EXPECT_EQ(newPhys, 7u) << "nothing is written with an error";
    EXPECT_EQ(newVirt, virt);
    EXPECT_EQ(HI_MPI_SYS_MmzFree(phys, virt), HI_ERR_SYS_ILLEGAL_PARAM);
    EXPECT_EQ(HI_MPI_SYS_MmzFlushCache(phys, virt, 64), HI_ERR_SYS_ILLEGAL_PARAM);
    EXPECT_EQ(HI_MPI_SYS_MflushCache(phys, virt, 64), HI_ERR_SYS_ILLEGAL_PARAM);
    EXPECT_EQ(HI_MPI_SYS_MmzFlushCache(0, virt, 0), HI_SUCCESS) << "there is nothing to flush";
    EXPECT_EQ(HI_MPI_SYS_Mmap(phys, 64), nullptr);
    EXPECT_EQ(HI_MPI_SYS_MmapCache(phys, 64), nullptr);
    EXPECT_EQ(HI_MPI_SYS_Munmap(virt, 64), HI_ERR_SYS_ILLEGAL_PARAM);
    EXPECT_EQ(HI_MPI_SYS_GetVirMemInfo(virt, &info), HI_ERR_SYS_ILLEGAL_PARAM);
    EXPECT_EQ(mediaheap_hisi_export_fd(phys, nullptr), -1);
}

TEST(Destroyed, RefusesEverythingAndTouchesNothing) {
    int local = 0;
    ::setenv("MEDIAHEAP_DEFAULT", "memfd,mmz=@/no/such/file", 1);
    expectNothingWorks(0x44000000, &local);

    ::setenv("MEDIAHEAP_DEFAULT", "memfd,mmz=anonymous,0,0x44000000,1M", 1);
    HI_U64 phys = 0;
    HI_VOID* virt = nullptr;
    ASSERT_EQ(HI_MPI_SYS_MmzAlloc_Cached(&phys, &virt, "last", nullptr, 64), HI_SUCCESS)
        << "the next call looks for a heap again";
    const auto heap = mediaheap::Heap::open("auto").value();
    EXPECT_FALSE(heap->destroy().ok()) << "a block lives";
    ASSERT_EQ(HI_MPI_SYS_MmzFree(phys, virt), HI_SUCCESS);
    ASSERT_TRUE(heap->destroy().ok());
    expectNothingWorks(phys, virt);
}

} // namespace
