// SPDX-License-Identifier: LGPL-2.1-or-later
#include "flight_log.h"

#include <algorithm>

namespace measure {

size_t FlightLog::addStream(Stream stream) {
    streams_.push_back(std::move(stream));
    return streams_.size() - 1;
}

void FlightLog::push(size_t stream, const void* buffer, const std::vector<MemorySeen>& memory) {
    streams_[stream].pushed++;
    const auto [found, isNew] = flights_.try_emplace(buffer);
    if (!isNew)
        return;
    found->second.stream = stream;
    uint64_t bytes = 0;
    for (const MemorySeen& seen : memory) {
        bytes += seen.bytes;
        found->second.roots.push_back(seen.root);
        hold(stream, seen);
    }
    Stream& of = streams_[stream];
    if (!of.pool.empty())
        of.buffersMade.insert(buffer);
    of.largestBuffer = std::max(of.largestBuffer, bytes);
    of.peak = std::max(of.peak, ++of.live);
}

void FlightLog::release(const void* buffer) {
    const auto found = flights_.find(buffer);
    if (found == flights_.end())
        return;
    streams_[found->second.stream].live--;
    for (const void* root : found->second.roots)
        drop(root);
    flights_.erase(found);
}

void FlightLog::hold(size_t stream, const MemorySeen& memory) {
    const auto [found, isNew] = roots_.try_emplace(memory.root);
    found->second.users++;
    if (!isNew)
        return;
    found->second.stream = stream;
    found->second.bytes = memory.bytes;
    found->second.inHeap = memory.inHeap;
    Stream& of = streams_[stream];
    of.inHeap = of.inHeap || memory.inHeap;
    of.liveBytes += memory.bytes;
    of.peakBytes = std::max(of.peakBytes, of.liveBytes);
    bytes_ += memory.bytes;
    peakBytes_ = std::max(peakBytes_, bytes_);
    if (memory.inHeap) {
        heapBytes_ += memory.bytes;
        peakHeapBytes_ = std::max(peakHeapBytes_, heapBytes_);
    }
}

void FlightLog::drop(const void* root) {
    const auto found = roots_.find(root);
    if (found == roots_.end() || --found->second.users > 0)
        return;
    streams_[found->second.stream].liveBytes -= found->second.bytes;
    bytes_ -= found->second.bytes;
    if (found->second.inHeap)
        heapBytes_ -= found->second.bytes;
    roots_.erase(found);
}

} // namespace measure
