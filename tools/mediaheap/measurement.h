// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <mediaheap/result.h>

#include "plan/plan_file.h"

namespace mediaheap::tool {

/// What `mediaheap-measure` saw of one stream of buffers.
struct MeasuredStream {
    std::string pad;
    std::string caps;
    std::string pool; ///< empty: buffers of no pool
    uint64_t poolMin = 0;
    uint64_t poolMax = 0;
    uint64_t poolMade = 0;
    bool inHeap = false;
    uint64_t pushed = 0;
    uint64_t bufferBytes = 0;
    uint64_t peakBuffers = 0;
    uint64_t peakBytes = 0;
};

struct MeasuredHeap {
    std::string element;
    std::string heap;
    uint64_t size = 0;
    uint64_t peak = 0;
};

/// A pipeline as it was while it played.
struct Measurement {
    std::string ended; ///< how, in words
    std::vector<MeasuredStream> streams;
    std::vector<MeasuredHeap> heaps;
    uint64_t peakBytes = 0;     ///< of memory on its way at the same time
    uint64_t peakHeapBytes = 0; ///< of that, blocks of heaps
    std::string json;           ///< the whole, as the helper has it

    /// A plan for it: every stream of heap memory, or where there is none every one of raw video or
    /// pictures, as if a heap had it.
    ///
    /// Errors: EINVAL where no stream is one that a heap could have.
    Result<plan::PlanFile> toPlan() const;
    /// The lines of such a plan, to go on from.
    std::string planLines() const;
    /// A page for people.
    std::string asText() const;
};

/// Plays @p pipeline until a pad has seen @p frames buffers, or for @p seconds.
///
/// Errors: EOPNOTSUPP where this tool was built without GStreamer; ENOENT its helper is not
/// installed; EIO the pipeline's, which the helper has printed.
Result<Measurement> measurePipeline(const std::string& pipeline, uint64_t frames, double seconds);

} // namespace mediaheap::tool
