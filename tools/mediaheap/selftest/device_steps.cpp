// SPDX-License-Identifier: LGPL-2.1-or-later
#include "steps.h"

#include <cstring>

#include <mediaheap/log.h>
#include <mediaheap/simulated/device.h>

#include "v4l2_steps.h"

namespace mediaheap::tool {

namespace {

constexpr uint64_t usualPiece = uint64_t{256} << 10;
constexpr uint8_t cpusByte = 0x3c;
constexpr uint8_t devicesByte = 0xc3;

void ignore(LogLevel, const char*) {}

/// What the simulated SoC warns of is what these steps do on purpose.
class Silence {
public:
    Silence() : before_(setLogHandler(ignore)) {}
    ~Silence() { setLogHandler(before_); }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;

private:
    LogHandler before_;
};

Result<size_t> countInAccess(const Block& block, uint8_t value) {
    Result<Mapping> mapping = block.map(Access::Read);
    if (!mapping)
        return std::move(mapping).error();
    size_t found = 0;
    const auto* const bytes = static_cast<const uint8_t*>(mapping->data());
    for (size_t i = 0; i < mapping->size(); i++)
        found += bytes[i] == value ? 1 : 0;
    if (Result<void> ended = mapping->end(); !ended)
        return std::move(ended).error();
    return found;
}

Result<void> fill(const Block& block, uint8_t value) {
    Result<Mapping> mapping = block.map(Access::Write);
    if (!mapping)
        return std::move(mapping).error();
    std::memset(mapping->data(), value, mapping->size());
    return mapping->end();
}

Step importSimulated(const Bench& bench, simulated::Device& device) {
    AllocOptions options;
    options.name = "selftest-import";
    Result<Block> block = bench.heap->allocate(bench.piece(usualPiece), options);
    if (!block)
        return Step::failed("import", block.error().message());
    if (Result<void> filled = fill(*block, cpusByte); !filled)
        return Step::failed("import", filled.error().message());
    std::vector<uint8_t> seen(block->size());
    if (Result<void> read = device.read(block->fd(), 0, seen.data(), seen.size()); !read)
        return Step::failed("import", read.error().message());
    for (const uint8_t byte : seen) {
        if (byte != cpusByte)
            return Step::failed("import", "the device does not read what the CPU wrote and synced");
    }
    if (Result<void> written = device.fill(block->fd(), 0, block->size(), devicesByte); !written)
        return Step::failed("import", written.error().message());
    Result<size_t> right = countInAccess(*block, devicesByte);
    if (!right)
        return Step::failed("import", right.error().message());
    if (*right != block->size())
        return Step::failed("import", "the CPU does not read what the device wrote");
    return Step::ok("import", "a simulated device read what the CPU wrote, and the CPU what the "
                              "device wrote, " +
                                  std::to_string(block->size()) + " bytes each");
}

Step cohereSimulated(const Bench& bench, simulated::Device& device) {
    AllocOptions options;
    options.name = "selftest-coherence";
    Result<Block> block = bench.heap->allocate(bench.piece(usualPiece), options);
    if (!block)
        return Step::failed("coherence", block.error().message());
    if (Result<void> filled = fill(*block, cpusByte); !filled)
        return Step::failed("coherence", filled.error().message());

    const Silence silence;
    size_t stale = 0;
    {
        Result<Mapping> mapping = block->map(Access::Read);
        if (!mapping)
            return Step::failed("coherence", mapping.error().message());
        if (Result<void> written = device.fill(block->fd(), 0, block->size(), devicesByte);
            !written)
            return Step::failed("coherence", written.error().message());
        const auto* const bytes = static_cast<const volatile uint8_t*>(mapping->data());
        for (size_t i = 0; i < mapping->size(); i++)
            stale += bytes[i] == cpusByte ? 1 : 0;
        if (Result<void> ended = mapping->end(); !ended)
            return Step::failed("coherence", ended.error().message());
    }
    const size_t reported = bench.heap->takeViolations().size();
    Result<size_t> right = countInAccess(*block, devicesByte);
    if (!right)
        return Step::failed("coherence", right.error().message());
    const std::string counts = std::to_string(stale) + " of " + std::to_string(block->size()) +
                               " bytes were stale without a sync, " +
                               std::to_string(block->size() - *right) + " with one";
    if (stale == 0 || *right != block->size() || reported == 0)
        return Step::failed("coherence", counts + "; the machine reported " +
                                             std::to_string(reported) + " mistakes");
    return Step::ok("coherence", "the machine is not coherent, as told: " + counts);
}

} // namespace

std::vector<Step> checkDevice(const Bench& bench) {
    if (!bench.simulated)
        return checkV4l2(bench);
    simulated::Device device("selftest");
    std::vector<Step> steps = {importSimulated(bench, device)};
    steps.push_back(steps[0].spoils ? Step::notTried("coherence", "import")
                                    : cohereSimulated(bench, device));
    return steps;
}

} // namespace mediaheap::tool
