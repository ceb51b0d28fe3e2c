/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What HI_MPI_SYS_* calls answer, and what they fill in. The names and values are HiSilicon's (V4).
 */
#ifndef MEDIAHEAP_HISI_HI_COMM_SYS_H
#define MEDIAHEAP_HISI_HI_COMM_SYS_H

#include "hi_type.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 0xA0000000, the module (SYS is 2) in bits 16 to 23, the level (error is 4) in 13 to 15. */
#define HI_ERR_SYS_ILLEGAL_PARAM ((HI_S32)0xA0028003U)
#define HI_ERR_SYS_NULL_PTR ((HI_S32)0xA0028006U)
#define HI_ERR_SYS_NOT_SUPPORT ((HI_S32)0xA0028008U)
#define HI_ERR_SYS_NOT_PERM ((HI_S32)0xA0028009U)
#define HI_ERR_SYS_NOMEM ((HI_S32)0xA002800CU)
#define HI_ERR_SYS_NOTREADY ((HI_S32)0xA0028010U)
#define HI_ERR_SYS_BUSY ((HI_S32)0xA0028012U)

typedef struct hiSYS_VIRMEM_INFO_S {
    HI_U64 u64PhyAddr; /* of the very address that was asked about */
    HI_BOOL bCached;   /* whether it was allocated to be cached */
} SYS_VIRMEM_INFO_S;

#ifdef __cplusplus
}
#endif

#endif
