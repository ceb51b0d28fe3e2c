/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that frees one of three blocks; a child that it forks has leaked none of them. */
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mpi_sys.h>

int main(void) {
    HI_U64 phys[3];
    HI_VOID* virt[3];
    if (HI_MPI_SYS_MmzAlloc(&phys[0], &virt[0], "preview", NULL, 5000) != HI_SUCCESS ||
        HI_MPI_SYS_MmzAlloc_Cached(&phys[1], &virt[1], NULL, NULL, 1) != HI_SUCCESS ||
        HI_MPI_SYS_MmzAlloc(&phys[2], &virt[2], "freed", NULL, 1) != HI_SUCCESS ||
        HI_MPI_SYS_MmzFree(phys[2], NULL) != HI_SUCCESS)
        return 1;
    const pid_t child = fork();
    if (child == 0)
        exit(0);
    int status = 0;
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : 1;
}
