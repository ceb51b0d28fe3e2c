// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <mediaheap/result.h>

#include "tables/process_identity.h"
#include "tables/table_format.h"

namespace mediaheap {

/// What a table says, taken out of its file and checked. Text in it has no control characters.
struct TableContent {
    struct Block {
        uint32_t zone = 0;
        uint64_t address = 0;
        uint64_t size = 0;
        uint64_t kvirt = 0;
        uint64_t flags = 0;
        uint32_t accesses = 0; ///< CPU accesses open
        std::string name;
        table::SlotState state = table::SlotState::Live;
    };
    struct Zone {
        std::string name;
        uint64_t gfp = 0;
        uint64_t base = 0;
        uint64_t size = 0;
        uint64_t used = 0;
        uint64_t blocks = 0;
        uint64_t peak = 0;
    };

    ProcessIdentity owner;
    uint64_t pidNamespace = 0;
    uint32_t number = 0; ///< of the heap in its process
    uint32_t flags = 0;  ///< table::HeapFlags
    uint32_t wordBits = 0;
    uint64_t pageSize = 0;
    int64_t created = 0; ///< seconds since 1970
    std::string heap;
    std::vector<Zone> zones;
    std::vector<Block> blocks; ///< by zone and address
    uint64_t unlistedBlocks = 0;
    uint64_t unlistedBytes = 0;
    uint32_t unlistedZones = 0;
    uint32_t tornBlocks = 0; ///< that were being changed, and are missing here
    bool consistent = true;  ///< all of it was true at one moment
};

/// Reads the bytes of a file, of which nothing is believed: they may be anything.
///
/// @p steady: whether the bytes are of one moment; otherwise slots whose sequence is odd, or is
/// named in @p changing, are left out and counted.
///
/// Errors: EAGAIN the table is being made; EPROTO another byte order, or a version of which we know
/// nothing; EUCLEAN what does not fit, in words.
Result<TableContent> parseTable(std::string_view bytes, bool steady,
                                const std::vector<bool>& changing = {});

} // namespace mediaheap
