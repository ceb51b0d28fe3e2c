// SPDX-License-Identifier: LGPL-2.1-or-later
#include "measurement.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace mediaheap::tool {

namespace {

using plan::From;
using plan::Item;

bool isPicture(const MeasuredStream& stream) {
    return stream.caps.rfind("video/x-raw", 0) == 0 || stream.caps.rfind("image/", 0) == 0;
}

/// What a pool has to have: what it wanted, or what was on its way at once.
uint64_t buffersOf(const MeasuredStream& stream) {
    return std::max(std::max(stream.poolMin, stream.peakBuffers), uint64_t{1});
}

std::string number(uint64_t value) { return std::to_string(value); }

/// A name that a plan file takes: none of its marks, and of no other item.
std::string itemName(const MeasuredStream& stream, const std::vector<Item>& others) {
    std::string name = stream.pad;
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '#' || c == ']' || c == ','; }, '-');
    std::string unique = name;
    for (unsigned n = 2; std::any_of(others.begin(), others.end(),
                                     [&](const Item& item) { return item.name == unique; });
         n++)
        unique = name + "-" + std::to_string(n);
    return unique;
}

} // namespace

Result<plan::PlanFile> Measurement::toPlan() const {
    const bool anyInHeap = std::any_of(streams.begin(), streams.end(),
                                       [](const MeasuredStream& stream) { return stream.inHeap; });
    plan::PlanFile file;
    for (const MeasuredStream& stream : streams) {
        // Frames that only pass through an element are the stream's that they came from.
        if (stream.peakBuffers == 0 || stream.bufferBytes == 0 ||
            (anyInHeap ? !stream.inHeap : !isPicture(stream)))
            continue;
        if (file.items.size() == plan::mostItems)
            break;
        Item item;
        item.name = itemName(stream, file.items);
        item.kind = "other";
        item.parts = {{"buffer", stream.bufferBytes,
                       std::min<uint64_t>(buffersOf(stream), plan::largestCount)}};
        item.formula =
            number(buffersOf(stream)) + " x " + number(stream.bufferBytes) + ", the " +
            (stream.poolMin > stream.peakBuffers ? "minimum of its pool"
                                                 : "most that were on their way at once");
        item.source = anyInHeap ? "measured in the pipeline"
                                : "measured in the pipeline, as if a heap had these frames";
        file.items.push_back(std::move(item));
    }
    if (file.items.empty()) {
        Error error;
        error.code = EINVAL;
        error.step = "plan for the pipeline";
        error.cause = "no memory of a heap and no raw video came out of any pad";
        error.remedy = "let it play longer (--seconds), or measure a pipeline with frames in it";
        return error;
    }
    return file;
}

std::string Measurement::planLines() const {
    const Result<plan::PlanFile> file = toPlan();
    std::string lines;
    if (!file)
        return lines;
    for (const Item& item : file.value().items)
        lines += "[other " + item.name + "]\nbytes = " + number(item.parts[0].bytes) +
                 "\ncount = " + number(item.parts[0].count) +
                 "\nfrom = heap\nsource = " + item.source + "\n";
    return lines;
}

std::string Measurement::asText() const {
    std::string text = "Measured until " + ended + ".\n\n";
    for (const MeasuredStream& stream : streams) {
        if (stream.peakBuffers == 0)
            continue;
        text += stream.pad + (stream.inHeap ? ", in the heap" : ", not in a heap") + ": " +
                number(stream.pushed) + " buffers of " + number(stream.bufferBytes) +
                " bytes at most\n";
        text += "    at once on their way: " + number(stream.peakBuffers) + " buffers, " +
                number(stream.peakBytes) + " bytes of memory first seen here\n";
        text += stream.pool.empty()
                    ? "    no pool\n"
                    : "    pool " + stream.pool + ": wanted " + number(stream.poolMin) +
                          " at least and " +
                          (stream.poolMax == 0 ? "had no maximum"
                                               : number(stream.poolMax) + " at most") +
                          "; " + number(stream.poolMade) + " came by\n";
        text += "    " + stream.caps + "\n";
    }
    text += "\nAt once on their way: " + number(peakBytes) + " bytes, of these " +
            number(peakHeapBytes) + " of heaps\n";
    for (const MeasuredHeap& heap : heaps)
        text += "Heap of " + heap.element + ", " + heap.heap + ": " + number(heap.peak) + " of " +
                number(heap.size) + " bytes taken at most, idle buffers of pools included\n";
    text +=
        "A buffer counts from the first pad that it leaves until its last reference goes. Not "
        "seen:\n"
        "what an element keeps to itself and never pushes (references of decoders, queues inside\n"
        "drivers), and what libraries allocate beside GStreamer.\n";
    return text + "\nLines for a plan file:\n\n" + planLines() + "\n";
}

} // namespace mediaheap::tool
