// SPDX-License-Identifier: LGPL-2.1-or-later
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <sys/utsname.h>
#include <unistd.h>
#include <vector>

#include <mediaheap/heap.h>

#include "command.h"
#include "plan/section.h"
#include "selftest/course.h"
#include "selftest/steps.h"

namespace mediaheap::tool {

namespace {

/// A zone that the steps can fill in a moment, where the heap string leaves its size open.
constexpr const char* usualSize = ",size=32M";

struct SelftestOptions {
    std::string heap;
    std::string device;
    std::string limit = "256M";
    bool json = false;
};

std::string kernelText() {
    utsname name{};
    if (::uname(&name) != 0)
        return "unknown";
    return std::string(name.sysname) + " " + name.release + " " + name.version + " " + name.machine;
}

std::string machineText() {
    const auto page = static_cast<unsigned long long>(::sysconf(_SC_PAGESIZE));
    const auto pages = static_cast<unsigned long long>(::sysconf(_SC_PHYS_PAGES));
    return std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)) + " processors, " +
           std::to_string(page * pages >> 20) + " MiB of memory in pages of " +
           std::to_string(page) + " bytes";
}

std::string describeHeap(const Heap& heap) {
    std::string text = heap.isDmaBuf() ? "DMA-BUFs" : "no DMA-BUFs";
    text += heap.isContiguous() ? ", contiguous" : ", scattered pages";
    text += heap.isCached() ? ", mapped cached" : ", mapped uncached";
    text += heap.addressesAreLabels() ? ", addresses are labels" : ", addresses are the device's";
    for (const SourceInfo& passed : heap.passedOver())
        text += "; passed over " + passed.heap + ": " + passed.reason;
    return text;
}

bool sizeIsGiven(const std::string& heap) {
    return heap.find(",size=") != std::string::npos || heap.find(",mmz=") != std::string::npos;
}

void say(const std::string& step) {
    if (::isatty(STDERR_FILENO) == 1)
        std::fprintf(stderr, "\r%s ...\033[K", step.c_str());
}

void endSaying() {
    if (::isatty(STDERR_FILENO) == 1)
        std::fputs("\r\033[K", stderr);
}

/// What each step needs, the first that it needs first: a heap that does not open has no blocks.
std::vector<Leg> legsOf(const Bench& bench) {
    const auto one = [&bench](Step (*check)(const Bench&)) {
        return [&bench, check] { return std::vector<Step>{check(bench)}; };
    };
    const std::vector<std::string> mapped = {"open", "allocate", "map"};
    return {
        {{"allocate"}, {"open"}, one(checkAllocation)},
        {{"map"}, {"open", "allocate"}, one(checkMapping)},
        {{"sync"}, mapped, one(checkSync)},
        {{"export"}, mapped, one(checkExport)},
        {{"import", "coherence"}, mapped, [&bench] { return checkDevice(bench); }},
        {{"recycle"}, mapped, one(checkRecycling)},
        {{"exhaust"}, {"open", "allocate"}, one(checkExhaustion)},
        {{"speed cached", "speed uncached"}, mapped, [&bench] { return measureSpeed(bench); }},
    };
}

Exit runSelftest(const SelftestOptions& options) {
    Verdict verdict;
    verdict.kernel = kernelText();
    verdict.library = MEDIAHEAP_VERSION;
    verdict.machine = machineText();
    verdict.heap = options.heap + (sizeIsGiven(options.heap) ? "" : usualSize);

    Bench bench;
    bench.device = options.device;
    const auto limit = plan::parseBytes(options.limit);
    if (!limit) {
        std::cerr << "mediaheap: --limit " << options.limit << " is no size; write it like 64M\n";
        return Exit::Usage;
    }
    bench.limit = *limit;
    Result<std::shared_ptr<Heap>> heap = Heap::open(verdict.heap);
    if (heap) {
        bench.heap = std::move(heap).value();
        verdict.heap = bench.heap->description();
        bench.simulated = verdict.heap.rfind("simulated", 0) == 0;
        verdict.steps.push_back(Step::ok("open", describeHeap(*bench.heap)));
    } else {
        verdict.steps.push_back(Step::failed("open", heap.error().message()));
    }
    takeLegs(legsOf(bench), verdict, say);
    endSaying();
    std::cout << (options.json ? verdict.asJson() : verdict.asText());
    return verdict.count(Step::Outcome::Failed) == 0 ? Exit::Success : Exit::Failure;
}

} // namespace

void addSelftestCommand(CLI::App& app, Runner& runner) {
    CLI::App* const command = app.add_subcommand(
        "selftest", "Tries everything that a heap does here; a page for bug reports");
    const auto options = std::make_shared<SelftestOptions>();
    command
        ->add_option("heap", options->heap, "Heap string, as `udmabuf`; 32M where it says no size")
        ->required();
    command->add_option("--device", options->device,
                        "V4L2 capture device that is to import the memory, or `none`; default: the "
                        "first that can");
    command->add_option("--limit", options->limit, "The most of the heap to take at once")
        ->capture_default_str();
    command->add_flag("--json", options->json, "Print JSON for programs");
    command->footer("Exits with 1 where a step failed; what is not possible here is no failure.");
    command->callback([options, &runner] { runner = [options] { return runSelftest(*options); }; });
}

} // namespace mediaheap::tool
