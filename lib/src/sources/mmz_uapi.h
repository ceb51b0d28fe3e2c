// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <sys/ioctl.h>

namespace mediaheap {

/// The argument of /dev/mmz_userdev's ioctls of type 'm' (HiSilicon's osal_mmz.h, as of the chips
/// that the vendor calls V3 and V4). Its longs and pointers are the program's own, so the driver
/// tells 80 bytes from 104.
template <typename Word> struct alignas(8) MmbInfo {
    alignas(sizeof(Word)) Word physical;
    alignas(sizeof(Word)) Word alignment;
    alignas(sizeof(Word)) Word size;
    uint32_t order;
    alignas(sizeof(Word)) Word mapped; ///< the address in this process
    alignas(sizeof(Word)) Word access; ///< of a mapping: PROT_* in 8 bits, MAP_* in the next 12
    char blockName[16];                ///< with the NUL
    char zoneName[32];
    alignas(sizeof(Word)) Word gfp;
};
static_assert(sizeof(MmbInfo<uint32_t>) == 80 && sizeof(MmbInfo<uint64_t>) == 104);

/// That of FLUSH_DIRTY: both addresses must mean the same byte.
template <typename Word> struct MmzRange {
    alignas(sizeof(Word)) Word physical;
    alignas(sizeof(Word)) Word mapped;
    alignas(sizeof(Word)) Word size;
};
static_assert(sizeof(MmzRange<uint32_t>) == 12 && sizeof(MmzRange<uint64_t>) == 24);

template <typename Word> struct MmzIoctl {
    static constexpr unsigned long allocate = _IOWR('m', 10, MmbInfo<Word>);
    static constexpr unsigned long free = _IOW('m', 12, MmbInfo<Word>);
    static constexpr unsigned long map = _IOWR('m', 20, MmbInfo<Word>);
    static constexpr unsigned long mapCached = _IOWR('m', 21, MmbInfo<Word>);
    static constexpr unsigned long unmap = _IOWR('m', 22, MmbInfo<Word>);
    static constexpr unsigned long flush = _IOW('d', 50, MmzRange<Word>);
};
static_assert(MmzIoctl<uint64_t>::allocate == 0xC0686D0A);
static_assert(MmzIoctl<uint32_t>::allocate == 0xC0506D0A);

} // namespace mediaheap
