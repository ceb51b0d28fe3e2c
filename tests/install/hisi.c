/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program for HiSilicon's MMZ, built against the installed files alone.
 */
#include <stdio.h>
#include <string.h>

#include <mediaheap_hisi.h>
#include <mpi_sys.h>
#include <unistd.h>

int main(void) {
    HI_U64 phys = 0;
    HI_VOID* virt = NULL;
    SYS_VIRMEM_INFO_S info;
    if (HI_MPI_SYS_MmzAlloc_Cached(&phys, &virt, "installed", NULL, 640 * 480) != HI_SUCCESS)
        return 1;
    memset(virt, 0x80, 640 * 480);
    if (HI_MPI_SYS_MmzFlushCache(phys, virt, 640 * 480) != HI_SUCCESS ||
        HI_MPI_SYS_GetVirMemInfo((char*)virt + 5, &info) != HI_SUCCESS ||
        info.u64PhyAddr != phys + 5 || info.bCached != HI_TRUE)
        return 2;
    const int fd = mediaheap_hisi_export_fd(phys, NULL);
    unsigned char seen = 0;
    if (fd < 0 || pread(fd, &seen, 1, 640 * 480 - 1) != 1 || seen != 0x80)
        return 3;
    close(fd);
    printf("phys: %#llx\n", phys);
    return HI_MPI_SYS_MmzFree(phys, NULL) == HI_SUCCESS && phys == 0x44000000 ? 0 : 4;
}
