// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <mediaheap/result.h>

#include "heap/zone.h"

namespace mediaheap {

/// Zones as HiSilicon's module parameter `mmz=` describes them (`mmz_allocator=hisi`):
///
///     <name>,<gfp>,<start>,<size>[,<alloc_type>,<block_align>][:<next zone>]
///
/// and, behind a zone, what the system itself has of it, which the vendor's parameter cannot say:
///
///     :+<name>,<start>,<length>[,<kvirt>,<flags>]
///
/// Numbers are read as the kernel reads them: decimal, 0x for hexadecimal, a leading 0 for octal,
/// with the suffixes K and M. alloc_type 0 takes sizes as they are, 1 rounds them up to powers of
/// two, 2 to multiples of block_align.
struct MmzLayout {
    struct Block {
        std::string name;
        uint64_t start = 0;
        uint64_t length = 0;
        uint64_t kvirt = 0;
        uint32_t flags = 0;
    };
    struct ZoneLine {
        std::string name;
        uint64_t gfp = 0;
        uint64_t start = 0;
        uint64_t size = 0;
        unsigned allocType = 0;
        uint64_t blockAlign = 0;
        std::vector<Block> blocks; ///< by start, disjoint
    };

    std::vector<ZoneLine> zones; ///< as they were configured; at least one

    /// Errors: EINVAL with the offending part and what would be right: bad fields, zones or blocks
    /// that overlap, that end beyond the address space or outside of their zone, two zones of the
    /// same name and gfp.
    static Result<MmzLayout> parse(std::string_view text);

    /// The same from a file: a zone or a block in each line, without the colons; what follows a `#`
    /// is a comment.
    static Result<MmzLayout> parseLines(std::string_view text);

    /// The one form of all texts that mean the same.
    std::string text() const;
    /// Of all zones together.
    uint64_t size() const;

    /// Whether everything is made of whole pages.
    ///
    /// Errors: EINVAL with what is not.
    Result<void> checkPages(uint64_t page) const;

    /// What a heap's zones are made with: one after another, with real places.
    std::vector<Zone::Setup> setups() const;

    bool operator==(const MmzLayout& other) const { return text() == other.text(); }
    bool operator!=(const MmzLayout& other) const { return !(*this == other); }
};

} // namespace mediaheap
