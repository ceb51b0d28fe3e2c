/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a media heap has beyond HiSilicon's own calls; programs that stay portable leave it alone.
 */
#ifndef MEDIAHEAP_HISI_MEDIAHEAP_HISI_H
#define MEDIAHEAP_HISI_MEDIAHEAP_HISI_H

#include "mpi_sys.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A descriptor, with close-on-exec, of the block that u64PhyAddr lies in: a DMA-BUF where the heap
 * has them. The caller closes it. *pu32Offset, where it is not NULL, is where in it u64PhyAddr is.
 * -1: no block of this process, or no descriptor to be had, which the log then says.
 *
 * Thread safety: any thread. Since: 0.1
 */
MEDIAHEAP_HISI_API int mediaheap_hisi_export_fd(HI_U64 u64PhyAddr, HI_U32* pu32Offset);

#ifdef __cplusplus
}
#endif

#endif
