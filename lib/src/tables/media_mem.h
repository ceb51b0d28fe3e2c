// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mediaheap {

/// What a line of HiSilicon's /proc/media-mem says of a block (MMB). Bytes.
struct MediaMemBlock {
    uint64_t address = 0;
    uint64_t size = 0;
    uint64_t kvirt = 0; ///< where the kernel has it mapped, 0 for nowhere
    uint64_t flags = 0; ///< of that mapping: 1 mapped, 2 cached, 4 released
    std::string name;   ///< shown as `<null>` where it is empty
};

/// And of a zone.
struct MediaMemZone {
    std::string name;
    uint64_t gfp = 0;
    uint64_t base = 0;
    uint64_t size = 0;
    std::vector<MediaMemBlock> blocks; ///< by address
    uint64_t used = 0;                 ///< bytes of all blocks, those not among @ref blocks too
    uint64_t blockCount = 0;           ///< of all blocks
};

/// The text of that file, byte for byte: addresses inclusive at both ends, sizes in whole KB, and
/// the sums over all zones at the end where there is a zone.
std::string mediaMemText(const std::vector<MediaMemZone>& zones);

} // namespace mediaheap
