// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2_steps.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "capture_device.h"
#include "raw_mapping.h"

namespace mediaheap::tool {

namespace {

constexpr unsigned queuedBuffers = 3;
constexpr unsigned checkedFrames = 6;
constexpr unsigned rawFrames = 3;
constexpr int frameTimeout =
    10000; // milliseconds: emulated machines are slow, and so are exposures
constexpr uint8_t marker = 0xa5;

std::string number(uint64_t value) { return std::to_string(value); }

/// Drivers that write their frames with the CPU, so that they say nothing of devices.
bool writesWithTheCpu(const std::string& driver) {
    for (const char* known : {"vivid", "vimc", "uvcvideo", "v4l2 loopback"}) {
        if (driver == known)
            return true;
    }
    return false;
}

/// A capture device and the blocks in its queue, which it lets go of at the end.
class Capture {
public:
    Capture(const Bench& bench, CaptureDevice device) : bench_(bench), device_(std::move(device)) {}
    ~Capture() {
        static_cast<void>(device_.stop());
        static_cast<void>(device_.request(0));
    }
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

    Result<void> begin() {
        Result<unsigned> count = device_.request(queuedBuffers);
        if (!count)
            return count.error();
        AllocOptions options;
        options.name = "selftest-import";
        for (unsigned index = 0; index < *count; index++) {
            // A page more than a frame needs shows whether the device keeps to its frame.
            Result<Block> block = bench_.heap->allocate(device_.frameBytes() + 1, options);
            if (!block)
                return std::move(block).error();
            blocks_.push_back(std::move(block).value());
            if (Result<void> queued = mark(index); !queued)
                return queued;
            if (Result<void> queued = queue(index); !queued)
                return queued;
        }
        return device_.start();
    }

    /// Fills the block of a buffer with what no frame looks like.
    Result<void> mark(unsigned index) {
        Result<Mapping> mapping = blocks_[index].map(Access::Write);
        if (!mapping)
            return std::move(mapping).error();
        std::memset(mapping->data(), marker, mapping->size());
        return mapping->end();
    }

    Result<void> queue(unsigned index) {
        return device_.queue(index, blocks_[index].fd(), blocks_[index].size());
    }

    Result<CapturedFrame> next() {
        Result<CapturedFrame> frame = device_.dequeue(frameTimeout);
        if (frame && frame->index >= blocks_.size())
            return wrong("the driver gives back a buffer that it was never given");
        if (frame && frame->error)
            return wrong("the driver marks the frame as broken");
        return frame;
    }

    /// What is wrong with a frame; the empty string where it is one.
    Result<std::string> inspect(const CapturedFrame& frame) {
        const Block& block = blocks_[frame.index];
        Result<Mapping> mapping = block.map(Access::Read);
        if (!mapping)
            return std::move(mapping).error();
        const auto* const bytes = static_cast<const uint8_t*>(mapping->data());
        const size_t inside = std::min(frame.bytes, device_.frameBytes());
        const auto untouched = static_cast<size_t>(std::count(bytes, bytes + inside, marker));
        const auto beyond = static_cast<size_t>(
            std::count(bytes + device_.frameBytes(), bytes + block.size(), marker));
        if (Result<void> ended = mapping->end(); !ended)
            return std::move(ended).error();
        if (untouched > inside / 2)
            return "buffer " + number(frame.index) + ": " + number(untouched) + " of " +
                   number(inside) + " bytes were not written";
        if (beyond != block.size() - device_.frameBytes())
            return "buffer " + number(frame.index) + ": the device wrote beyond its frame";
        return std::string();
    }

    const CaptureDevice& device() const { return device_; }
    const Block& block(unsigned index) const { return blocks_[index]; }

private:
    static Error wrong(const char* cause) {
        Error error;
        error.code = EIO;
        error.step = "capture";
        error.cause = cause;
        return error;
    }

    const Bench& bench_;
    std::vector<Block> blocks_; ///< outlive the device's hold on them: the destructor runs first
    CaptureDevice device_;
};

Step captureFrames(Capture& capture) {
    if (Result<void> begun = capture.begin(); !begun)
        return Step::failed("import", begun.error().message());
    std::optional<uint32_t> last;
    unsigned lost = 0;
    for (unsigned n = 0; n < checkedFrames; n++) {
        Result<CapturedFrame> frame = capture.next();
        if (!frame)
            return Step::failed("import", frame.error().message());
        Result<std::string> fault = capture.inspect(*frame);
        if (!fault)
            return Step::failed("import", fault.error().message());
        if (!fault->empty())
            return Step::failed("import", *fault);
        if (last && frame->sequence <= *last)
            return Step::failed("import", "frame " + number(frame->sequence) + " came after " +
                                              number(*last));
        lost += last ? frame->sequence - *last - 1 : 0;
        last = frame->sequence;
        if (Result<void> marked = capture.mark(frame->index); !marked)
            return Step::failed("import", marked.error().message());
        if (Result<void> queued = capture.queue(frame->index); !queued)
            return Step::failed("import", queued.error().message());
    }
    const CaptureDevice& device = capture.device();
    return Step::ok("import", device.path() + " (driver " + device.driver() + ") captured " +
                                  number(checkedFrames) + " frames of " + device.format() + ", " +
                                  number(device.frameBytes()) +
                                  " bytes, into our DMA-BUFs and nowhere beside; " + number(lost) +
                                  " frames were skipped between them");
}

/// The bytes of a frame that a cached mapping shows wrongly as long as nobody syncs it.
Result<size_t> countStale(Capture& capture, size_t& looked) {
    Result<CapturedFrame> free = capture.next();
    if (!free)
        return std::move(free).error();
    const Block& block = capture.block(free->index);
    if (Result<void> marked = capture.mark(free->index); !marked)
        return std::move(marked).error();
    Result<RawMapping> view = RawMapping::map(block.fd(), block.size(), true);
    if (!view)
        return view.error();
    // Into the caches with it, and only then to the device.
    if (Result<void> begun = view->begin(); !begun)
        return std::move(begun).error();
    if (Result<void> ended = view->end(); !ended)
        return std::move(ended).error();
    std::vector<uint8_t> without(view->size());
    std::copy(view->data(), view->data() + view->size(), without.begin());
    if (Result<void> queued = capture.queue(free->index); !queued)
        return std::move(queued).error();

    Result<CapturedFrame> frame = capture.next();
    while (frame && frame->index != free->index) {
        if (Result<void> queued = capture.queue(frame->index); !queued)
            return std::move(queued).error();
        frame = capture.next();
    }
    if (!frame)
        return std::move(frame).error();
    std::copy(view->data(), view->data() + view->size(), without.begin());
    if (Result<void> begun = view->begin(); !begun)
        return std::move(begun).error();
    size_t stale = 0;
    for (size_t i = 0; i < without.size(); i++)
        stale += view->data()[i] != without[i] ? 1 : 0;
    if (Result<void> ended = view->end(); !ended)
        return std::move(ended).error();
    looked += without.size();
    if (Result<void> queued = capture.queue(frame->index); !queued)
        return std::move(queued).error();
    return stale;
}

Step cohere(const Bench& bench, Capture& capture) {
    if (!bench.heap->isCached())
        return Step::notPossible("coherence", "the heap's mappings are not cached, so they cannot "
                                              "show it");
    size_t stale = 0;
    size_t looked = 0;
    for (unsigned n = 0; n < rawFrames; n++) {
        Result<size_t> found = countStale(capture, looked);
        if (!found)
            return Step::failed("coherence", found.error().message());
        stale += *found;
    }
    const std::string how = number(stale) + " of " + number(looked) +
                            " bytes that the device wrote beside a cached mapping were stale "
                            "without a sync";
    if (stale > 0)
        return Step::ok("coherence", "the machine is NOT coherent: " + how);
    if (writesWithTheCpu(capture.device().driver()))
        return Step::notPossible("coherence",
                                 "cannot be told: driver " + capture.device().driver() +
                                     " writes with the CPU, whose caches are the same; " + how);
    return Step::ok("coherence", "no sign that the machine is not coherent: " + how +
                                     " (lines that had left the caches would not show)");
}

} // namespace

std::vector<Step> checkV4l2(const Bench& bench) {
    const Step without =
        Step::notPossible("coherence", "it takes a device that imports the memory");
    if (!bench.heap->isDmaBuf())
        return {Step::notPossible("import", "the memory is no DMA-BUF: no driver imports it"),
                without};
    if (bench.device == "none")
        return {Step::notPossible("import", "--device none: no device was to be touched"), without};
    Result<CaptureDevice> device =
        bench.device.empty() ? CaptureDevice::find() : CaptureDevice::open(bench.device);
    if (!device) {
        const std::string why = device.error().message();
        if (bench.device.empty())
            return {Step::notPossible("import", why + "; --device names one"), without};
        return {Step::failed("import", why), Step::notTried("coherence", "import")};
    }
    Capture capture(bench, std::move(device).value());
    std::vector<Step> steps = {captureFrames(capture)};
    steps.push_back(steps[0].spoils ? Step::notTried("coherence", "import")
                                    : cohere(bench, capture));
    return steps;
}

} // namespace mediaheap::tool
