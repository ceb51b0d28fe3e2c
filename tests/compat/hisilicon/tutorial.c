/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program by which a widely read tutorial explains MMZ memory, with the includes that it leaves
 * out and formats that fit what is printed. Calls, names and order are its own.
 */
#include <stdio.h>
#include <stdlib.h>

#include <hi_comm_sys.h>
#include <hi_type.h>
#include <mpi_sys.h>

int main(void) {
    /* Memory of the system. */
    void* data = malloc(1024);
    printf("malloc: %p\n", data);

    /* MMZ memory. */
    HI_U64 phy_addr = 0;
    HI_VOID* vir_addr = NULL;
    HI_MPI_SYS_MmzAlloc(&phy_addr, &vir_addr, "test", "anonymous", 1024 * 1024);
    printf("phy: %#llx\n", phy_addr);
    printf("vir: %p\n", vir_addr);

    /* The same with a cache. */
    HI_U64 phy_addr_cache = 0;
    HI_VOID* vir_addr_cache = NULL;
    HI_MPI_SYS_MmzAlloc_Cached(&phy_addr_cache, &vir_addr_cache, "test_cache", "anonymous",
                               1024 * 1024);
    printf("phy_cache: %#llx\n", phy_addr_cache);
    printf("vir_cache: %p\n", vir_addr_cache);

    /* What a virtual address is; memory from malloc() has no such thing. */
    SYS_VIRMEM_INFO_S mem_info;
    HI_S32 ret = HI_MPI_SYS_GetVirMemInfo(vir_addr_cache, &mem_info);
    if (ret != HI_SUCCESS)
        printf("get vir mem info failed.\n");
    else
        printf("phy_addr: %#llx cache: %d\n", mem_info.u64PhyAddr, mem_info.bCached);
    fflush(stdout);

    getchar();

    HI_MPI_SYS_MmzFree(phy_addr, NULL);
    HI_MPI_SYS_MmzFree(phy_addr_cache, NULL);
    free(data);
    return 0;
}
