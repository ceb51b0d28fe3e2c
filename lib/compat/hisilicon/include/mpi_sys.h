/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HiSilicon's MMZ calls (V4) on a media heap, with their own prototypes: docs/porting-hisilicon.md
 * says when to link this and when the vendor's library.
 *
 * The process has one heap, which the first call that needs it opens as `auto`: MEDIAHEAP_DEFAULT
 * chooses it. Addresses are that heap's and mean nothing to other processes.
 *
 * Thread safety: all calls from any thread. Since: 0.1
 */
#ifndef MEDIAHEAP_HISI_MPI_SYS_H
#define MEDIAHEAP_HISI_MPI_SYS_H

#include "hi_comm_sys.h"
#include "hi_type.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MEDIAHEAP_HISI_API __attribute__((visibility("default")))

/*
 * Allocates u32Len bytes, rounded up to pages, and maps them; MmzAlloc past the caches,
 * MmzAlloc_Cached through them. strMmb names the block in reports (15 bytes, longer names are cut;
 * NULL shows as <null>), strZone the zone to take it from (31 bytes; NULL and "" are "anonymous").
 *
 * HI_ERR_SYS_NULL_PTR: an out-pointer is NULL. HI_ERR_SYS_ILLEGAL_PARAM: no bytes.
 * HI_ERR_SYS_NOTREADY: there is no heap, or it was destroyed. HI_ERR_SYS_NOMEM: no such zone, or no
 * room in it. HI_ERR_SYS_NOT_SUPPORT: MmzAlloc where the source maps only through the caches and
 * the machine is not coherent. After an error nothing has been written.
 */
MEDIAHEAP_HISI_API HI_S32 HI_MPI_SYS_MmzAlloc(HI_U64* pu64PhyAddr, HI_VOID** ppVirAddr,
                                              const HI_CHAR* strMmb, const HI_CHAR* strZone,
                                              HI_U32 u32Len);
MEDIAHEAP_HISI_API HI_S32 HI_MPI_SYS_MmzAlloc_Cached(HI_U64* pu64PhyAddr, HI_VOID** ppVirAddr,
                                                     const HI_CHAR* pstrMmb,
                                                     const HI_CHAR* pstrZone, HI_U32 u32Len);

/*
 * Frees the block that u64PhyAddr lies in, its first byte or any other. pVirAddr is ignored.
 *
 * HI_ERR_SYS_ILLEGAL_PARAM: no block of this process, or one that was freed already.
 * HI_ERR_SYS_BUSY: it is mapped with Mmap or MmapCache; it goes with the last Munmap.
 */
MEDIAHEAP_HISI_API HI_S32 HI_MPI_SYS_MmzFree(HI_U64 u64PhyAddr, HI_VOID* pVirAddr);

/*
 * Writes what the CPU has written to a range back to memory and drops it from the caches, in whole
 * lines: to be called between the CPU's accesses and the hardware's. u64PhyAddr 0 means everything
 * that this process has, and then pVirAddr only must not be NULL. Of uncached memory it does
 * nothing.
 *
 * HI_ERR_SYS_NULL_PTR: pVirAddr is NULL. HI_ERR_SYS_ILLEGAL_PARAM: no bytes, or the range is not
 * part of a block. HI_ERR_SYS_NOT_PERM: pVirAddr does not lie in that block's mapping.
 * HI_ERR_SYS_BUSY: a device goes on writing to it.
 */
MEDIAHEAP_HISI_API HI_S32 HI_MPI_SYS_MmzFlushCache(HI_U64 u64PhyAddr, HI_VOID* pVirAddr,
                                                   HI_U32 u32Size);
MEDIAHEAP_HISI_API HI_S32 HI_MPI_SYS_MflushCache(HI_U64 u64PhyAddr, HI_VOID* pVirAddr,
                                                 HI_U32 u32Size);

/*
 * The address of u32Size bytes from u64PhyAddr on, of a block of this process, and one more mapping
 * of it. A block has one address: mapping it twice gives the same. NULL where the range is no part
 * of a block, or the block was allocated with the other of the two kinds.
 */
MEDIAHEAP_HISI_API HI_VOID* HI_MPI_SYS_Mmap(HI_U64 u64PhyAddr, HI_U32 u32Size);
MEDIAHEAP_HISI_API HI_VOID* HI_MPI_SYS_MmapCache(HI_U64 u64PhyAddr, HI_U32 u32Size);

/*
 * Ends one mapping of the block that pVirAddr lies in: the last that Mmap or MmapCache made, or
 * where there is none the one that the block was allocated with. A cached one is flushed first.
 *
 * HI_ERR_SYS_NULL_PTR: pVirAddr is NULL. HI_ERR_SYS_ILLEGAL_PARAM: no bytes, no block of this
 * process, bytes beyond its end, or it is not mapped.
 */
MEDIAHEAP_HISI_API HI_S32 HI_MPI_SYS_Munmap(HI_VOID* pVirAddr, HI_U32 u32Size);

/*
 * The physical address of pVirAddr itself, which may lie inside a block, and whether the block is
 * cached.
 *
 * HI_ERR_SYS_NULL_PTR: either pointer is NULL. HI_ERR_SYS_ILLEGAL_PARAM: the address is not of the
 * MMZ memory of this process, or not mapped any more.
 */
MEDIAHEAP_HISI_API HI_S32 HI_MPI_SYS_GetVirMemInfo(const void* pVirAddr,
                                                   SYS_VIRMEM_INFO_S* pstMemInfo);

#ifdef __cplusplus
}
#endif

#endif
