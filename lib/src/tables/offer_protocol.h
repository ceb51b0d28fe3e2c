// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace mediaheap {

/// What somebody asks of a heap that its process offers.
enum class OfferOperation : uint32_t {
    Trim = 1,    ///< Heap::trim()
    Destroy = 2, ///< Heap::destroy()
};

namespace offer {

constexpr char magic[8] = {'M', 'H', 'O', 'F', 'F', 'E', 'R', '\0'};
constexpr uint32_t version = 1;
constexpr int longestSilence = 5000; ///< milliseconds until the other end is given up

/// One message each way on a connection.
struct Request {
    char magic[8];
    uint32_t version;
    uint32_t operation; ///< an OfferOperation
    uint32_t heap;      ///< its number in the process
    uint32_t reserved;
};
static_assert(sizeof(Request) == 24);

struct Reply {
    char magic[8];
    uint32_t version;
    int32_t error;   ///< an errno, 0 for success
    uint64_t bytes;  ///< given back to the system
    char text[1000]; ///< what stood in the way, with its NUL
};
static_assert(sizeof(Reply) == 1024);

} // namespace offer

} // namespace mediaheap
