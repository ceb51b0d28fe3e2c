// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace measure {

/// Memory of a buffer, by the address of its root.
struct MemorySeen {
    const void* root = nullptr;
    uint64_t bytes = 0;  ///< of the root, whatever part of it the buffer shows
    bool inHeap = false; ///< a block of a media heap
};

/// What came out of one pad with the same caps out of the same pool.
struct Stream {
    std::string pad; ///< `src0:src`
    std::string caps;
    std::string pool;     ///< name of the pool; empty: buffers of no pool
    uint64_t poolMin = 0; ///< buffers that the pool's configuration wanted at least
    uint64_t poolMax = 0; ///< 0: no bound
    uint64_t poolSize = 0;

    uint64_t pushed = 0;        ///< buffers
    uint64_t largestBuffer = 0; ///< bytes of memory of one
    uint64_t live = 0;          ///< buffers on their way
    uint64_t liveBytes = 0;     ///< of memory that came into view here and is still in use
    uint64_t peak = 0;          ///< of @ref live
    uint64_t peakBytes = 0;
    bool inHeap = false;               ///< any of it was a heap's
    std::set<const void*> buffersMade; ///< of a pool: how many it has made that came by
};

/// Keeps book of buffers between the first pad that they leave and the moment that the last
/// reference is gone, and of the memory in them, which several buffers may share.
///
/// Thread safety: none.
class FlightLog {
public:
    size_t addStream(Stream stream);

    /// A buffer leaves a pad. It, and memory that is on its way already, stays with the stream
    /// where it was first seen.
    void push(size_t stream, const void* buffer, const std::vector<MemorySeen>& memory);
    /// The last reference to a buffer is gone; those that never left a pad are nobody's.
    void release(const void* buffer);

    const std::vector<Stream>& streams() const { return streams_; }
    uint64_t peakBytes() const { return peakBytes_; }
    uint64_t peakHeapBytes() const { return peakHeapBytes_; }
    size_t inFlight() const { return flights_.size(); }

private:
    struct Flight {
        size_t stream = 0;
        std::vector<const void*> roots;
    };
    struct Root {
        size_t stream = 0;
        uint64_t bytes = 0;
        bool inHeap = false;
        unsigned users = 0;
    };

    void hold(size_t stream, const MemorySeen& memory);
    void drop(const void* root);

    std::vector<Stream> streams_;
    std::unordered_map<const void*, Flight> flights_;
    std::unordered_map<const void*, Root> roots_;
    uint64_t bytes_ = 0;
    uint64_t heapBytes_ = 0;
    uint64_t peakBytes_ = 0;
    uint64_t peakHeapBytes_ = 0;
};

} // namespace measure
