// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mediaheap::plan {

/// Blocks of one size that an item consists of.
struct Part {
    std::string what;   ///< `buffer`, `frame`, `bitstream`
    uint64_t bytes = 0; ///< of one
    uint64_t count = 1;
};

/// Whose memory an item is.
enum class From {
    Heap, ///< blocks of the heap, which is itself reserved from CMA
    Cma,  ///< a driver's own, beside the heap
};

/// Something that needs memory, with the reason for every byte of it.
struct Item {
    std::string name;
    std::string kind; ///< `display`, `audio`, `communication`, `codec`, `camera`, `other`
    From from = From::Heap;
    unsigned line = 0; ///< of the file, from 1
    std::vector<Part> parts;
    std::string formula; ///< with the numbers put in
    std::string source;  ///< the document that the formula is from

    /// All parts, as the formula has it: not rounded to pages.
    uint64_t bytes() const {
        uint64_t sum = 0;
        for (const Part& part : parts)
            sum += part.bytes * part.count;
        return sum;
    }
};

// What a file may ask for at most. Within these no sum of a plan overflows: 4096 x 256 x 2^40 bytes
// stay below 2^61.
constexpr uint64_t largestSide = 65536;
constexpr uint64_t largestCount = 4096;
constexpr uint64_t largestBytes = uint64_t{1} << 40;
constexpr size_t mostItems = 256;

} // namespace mediaheap::plan
