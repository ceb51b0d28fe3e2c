// SPDX-License-Identifier: LGPL-2.1-or-later
#include "steps.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace mediaheap::tool {

namespace {

constexpr uint64_t measuredBytes = uint64_t{4} << 20;
constexpr size_t runs = 9;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

/// The same thing done several times.
class Samples {
public:
    void add(double value) { values_.push_back(value); }

    /// Median, with the least and the most in brackets.
    std::string text(const char* unit) {
        std::sort(values_.begin(), values_.end());
        char buffer[96];
        std::snprintf(buffer, sizeof buffer, "%.*f %s (%.*f..%.*f)", digits(), middle(), unit,
                      digits(), values_.front(), digits(), values_.back());
        return buffer;
    }

private:
    double middle() const { return values_[values_.size() / 2]; }
    int digits() const { return middle() < 10 ? 1 : 0; }

    std::vector<double> values_;
};

double megabytesPerSecond(size_t bytes, Clock::duration time) {
    return static_cast<double>(bytes) / 1e6 / std::max(Seconds(time).count(), 1e-9);
}

Step measure(const Bench& bench, const char* name, bool cached) {
    AllocOptions options;
    options.name = "selftest-speed";
    options.cached = cached;
    Result<Block> block = bench.heap->allocate(bench.piece(measuredBytes), options);
    if (!block)
        return block.error().code == EOPNOTSUPP ? Step::notPossible(name, block.error().message())
                                                : Step::failed(name, block.error().message());

    std::vector<uint8_t> ram(block->size(), 0x5a);
    std::vector<uint8_t> other(block->size(), 0xa5);
    Samples write;
    Samples read;
    Samples plain;
    Samples sync;
    for (size_t run = 0; run < runs + 1; run++) {
        const auto begin = Clock::now();
        Result<Mapping> mapping = block->map(Access::ReadWrite);
        const auto begun = Clock::now();
        if (!mapping)
            return Step::failed(name, mapping.error().message());
        std::memcpy(mapping->data(), ram.data(), ram.size());
        const auto written = Clock::now();
        std::memcpy(ram.data(), mapping->data(), ram.size());
        const auto copied = Clock::now();
        if (Result<void> ended = mapping->end(); !ended)
            return Step::failed(name, ended.error().message());
        const auto end = Clock::now();
        std::memcpy(other.data(), ram.data(), ram.size());
        const auto done = Clock::now();
        // Somebody has to want the copy, or the compiler leaves it out.
        static_cast<void>(*static_cast<volatile uint8_t*>(&other[run]));
        if (run == 0)
            continue; // pages and caches are cold
        write.add(megabytesPerSecond(ram.size(), written - begun));
        read.add(megabytesPerSecond(ram.size(), copied - written));
        plain.add(megabytesPerSecond(ram.size(), done - end));
        sync.add(Seconds(begun - begin + (end - copied)).count() * 1e6);
    }
    return Step::ok(name, "write " + write.text("MB/s") + ", read " + read.text("MB/s") +
                              ", RAM to RAM " + plain.text("MB/s") +
                              ", opening and closing an "
                              "access " +
                              sync.text("us") + "; medians of " + std::to_string(runs) +
                              " runs over " + std::to_string(ram.size()) +
                              " bytes, the CPU's caches included" +
                              (bench.simulated ? "; the figures are the simulation's" : ""));
}

} // namespace

std::vector<Step> measureSpeed(const Bench& bench) {
    return {measure(bench, "speed cached", true), measure(bench, "speed uncached", false)};
}

} // namespace mediaheap::tool
