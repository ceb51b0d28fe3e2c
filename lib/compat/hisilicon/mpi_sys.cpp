// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The C boundary: nothing but calls that let no exception out.
#include "mpi_sys.h"

#include <cstdlib>
#include <unistd.h>

#include "mediaheap_hisi.h"
#include "mmz_process.h"

namespace {

using mediaheap::hisi::MmzProcess;

MmzProcess& process() {
    // Never destroyed: blocks are used and freed while the program exits, too.
    static MmzProcess* const only = [] {
        static pid_t owner;
        owner = ::getpid();
        auto* const made = new MmzProcess({mediaheap::hisi::machineIsCoherent()});
        std::atexit([] {
            // A forked child has its parent's blocks, and has not leaked them.
            if (::getpid() == owner)
                process().logLeaks();
        });
        return made;
    }();
    return *only;
}

/// What @p call answers, or @p failure where there is no memory for the bookkeeping.
template <typename T, typename Call> T guarded(T failure, Call call) noexcept {
    try {
        return call();
    } catch (...) {
        return failure;
    }
}

} // namespace

HI_S32 HI_MPI_SYS_MmzAlloc(HI_U64* pu64PhyAddr, HI_VOID** ppVirAddr, const HI_CHAR* strMmb,
                           const HI_CHAR* strZone, HI_U32 u32Len) {
    return guarded(HI_ERR_SYS_NOMEM, [&] {
        return process().allocate(pu64PhyAddr, ppVirAddr, strMmb, strZone, u32Len, false);
    });
}

HI_S32 HI_MPI_SYS_MmzAlloc_Cached(HI_U64* pu64PhyAddr, HI_VOID** ppVirAddr, const HI_CHAR* pstrMmb,
                                  const HI_CHAR* pstrZone, HI_U32 u32Len) {
    return guarded(HI_ERR_SYS_NOMEM, [&] {
        return process().allocate(pu64PhyAddr, ppVirAddr, pstrMmb, pstrZone, u32Len, true);
    });
}

HI_S32 HI_MPI_SYS_MmzFree(HI_U64 u64PhyAddr, HI_VOID*) {
    return guarded(HI_ERR_SYS_NOMEM, [&] { return process().free(u64PhyAddr); });
}

HI_S32 HI_MPI_SYS_MmzFlushCache(HI_U64 u64PhyAddr, HI_VOID* pVirAddr, HI_U32 u32Size) {
    return guarded(HI_ERR_SYS_NOMEM,
                   [&] { return process().flush(u64PhyAddr, pVirAddr, u32Size); });
}

HI_S32 HI_MPI_SYS_MflushCache(HI_U64 u64PhyAddr, HI_VOID* pVirAddr, HI_U32 u32Size) {
    return HI_MPI_SYS_MmzFlushCache(u64PhyAddr, pVirAddr, u32Size);
}

HI_VOID* HI_MPI_SYS_Mmap(HI_U64 u64PhyAddr, HI_U32 u32Size) {
    return guarded<HI_VOID*>(nullptr, [&] { return process().map(u64PhyAddr, u32Size, false); });
}

HI_VOID* HI_MPI_SYS_MmapCache(HI_U64 u64PhyAddr, HI_U32 u32Size) {
    return guarded<HI_VOID*>(nullptr, [&] { return process().map(u64PhyAddr, u32Size, true); });
}

HI_S32 HI_MPI_SYS_Munmap(HI_VOID* pVirAddr, HI_U32 u32Size) {
    return guarded(HI_ERR_SYS_NOMEM, [&] { return process().unmap(pVirAddr, u32Size); });
}

HI_S32 HI_MPI_SYS_GetVirMemInfo(const void* pVirAddr, SYS_VIRMEM_INFO_S* pstMemInfo) {
    return guarded(HI_ERR_SYS_NOMEM, [&] { return process().describe(pVirAddr, pstMemInfo); });
}

int mediaheap_hisi_export_fd(HI_U64 u64PhyAddr, HI_U32* pu32Offset) {
    return guarded(-1, [&] { return process().exportFd(u64PhyAddr, pu32Offset); });
}
