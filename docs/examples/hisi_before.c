/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program for HiSilicon's MMZ, as it was written for the board: draws into a cached block and
 * hands it to hardware. Built with mediaheap-hisi it runs anywhere, unchanged.
 */
#include <stdio.h>
#include <string.h>

#include <hi_comm_sys.h>
#include <hi_type.h>
#include <mpi_sys.h>

#define WIDTH 640
#define HEIGHT 480

/* Stands for the IVE or VPSS call that takes a physical address. */
static HI_S32 give_to_hardware(HI_U64 phys) {
    printf("hardware works on %#llx\n", phys);
    return HI_SUCCESS;
}

static HI_S32 draw_and_show(void) {
    const HI_U32 size = WIDTH * HEIGHT * 3 / 2;
    HI_U64 phys = 0;
    HI_VOID* virt = NULL;
    HI_S32 ret = HI_MPI_SYS_MmzAlloc_Cached(&phys, &virt, "osd", NULL, size);
    if (ret != HI_SUCCESS)
        return ret;
    memset(virt, 0x80, size);
    ret = HI_MPI_SYS_MmzFlushCache(phys, virt, size);
    if (ret == HI_SUCCESS)
        ret = give_to_hardware(phys);
    HI_MPI_SYS_MmzFree(phys, virt);
    return ret;
}

int main(void) {
    const HI_S32 ret = draw_and_show();
    if (ret != HI_SUCCESS)
        fprintf(stderr, "draw_and_show: %#x\n", (unsigned)ret);
    return ret == HI_SUCCESS ? 0 : 1;
}
