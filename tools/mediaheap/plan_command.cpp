// SPDX-License-Identifier: LGPL-2.1-or-later
#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

#include "command.h"
#include "measurement.h"
#include "plan_output.h"

namespace mediaheap::tool {

namespace {

// A plan is a page or two; what is larger was meant for somebody else.
constexpr std::streamsize largestFile = 1 << 20;

struct PlanOptions {
    std::string file;
    std::string pipeline;
    uint64_t frames = 100;
    double seconds = 10;
    bool json = false;
    plan::SearchLimits limits;
};

/// A line on the terminal that says how far a search is; nothing where nobody watches.
class ProgressLine {
public:
    ~ProgressLine() {
        if (shown_)
            std::fputs("\r\033[K", stderr);
    }

    void show(uint64_t done, bool sampling, const plan::SearchLimits& limits) {
        const auto now = std::chrono::steady_clock::now();
        if (!terminal_ || now - last_ < std::chrono::milliseconds(200))
            return;
        last_ = now;
        shown_ = true;
        std::fprintf(stderr, "\r%s: %llu of at most %llu\033[K",
                     sampling ? "Drawing orders" : "Looking at states of the zone",
                     static_cast<unsigned long long>(done),
                     static_cast<unsigned long long>(sampling ? limits.samples : limits.states));
    }

private:
    const bool terminal_ = ::isatty(STDERR_FILENO) == 1;
    bool shown_ = false;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

Exit fail(const std::string& message) {
    std::cerr << "mediaheap: " << message << "\n";
    return Exit::Failure;
}

/// Empty, with @p error saying why, where the file cannot be read.
std::string readFile(const std::string& path, std::string& error) {
    std::ifstream named;
    if (path != "-")
        named.open(path, std::ios::binary);
    std::istream& stream = path == "-" ? std::cin : named;
    std::string text(static_cast<size_t>(largestFile) + 1, '\0');
    stream.read(text.data(), largestFile + 1);
    text.resize(static_cast<size_t>(stream.gcount()));
    if ((path != "-" && !named.is_open()) || stream.bad())
        error = path + " cannot be read; give the path of a plan file, see docs/plan.md";
    else if (static_cast<std::streamsize>(text.size()) > largestFile)
        error = path + " has more than 1 MiB, which no plan file has";
    return text;
}

Result<plan::PlanFile> planFromFile(const std::string& path) {
    std::string error;
    const std::string text = readFile(path, error);
    if (error.empty())
        return plan::parsePlan(text, path == "-" ? "standard input" : path);
    Error unreadable;
    unreadable.code = EIO;
    unreadable.cause = std::move(error);
    return unreadable;
}

Result<plan::Plan> findHeap(plan::Plan plan, const PlanOptions& options) {
    ProgressLine line;
    plan::SearchLimits limits = options.limits;
    limits.progress = [&](uint64_t done, bool sampling) {
        line.show(done, sampling, options.limits);
    };
    return plan::findHeap(std::move(plan), limits);
}

Exit runPlan(const PlanOptions& options) {
    std::optional<Measurement> measured;
    if (!options.pipeline.empty()) {
        Result<Measurement> measurement =
            measurePipeline(options.pipeline, options.frames, options.seconds);
        if (!measurement)
            return fail(measurement.error().message());
        measured = std::move(measurement).value();
    }
    Result<plan::PlanFile> file = measured ? measured->toPlan() : planFromFile(options.file);
    if (measured && !options.json)
        std::cout << measured->asText();
    if (!file)
        return fail(file.error().message());
    Result<plan::Plan> plan =
        plan::addUp(std::move(file).value(), static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)));
    if (!plan)
        return fail(plan.error().message());
    // The search may take a while, and what is known already may make it needless.
    if (!options.json)
        std::cout << planHeadAsText(*plan) << std::flush;
    plan = findHeap(std::move(plan).value(), options);
    if (!plan)
        return fail(plan.error().message());
    std::cout << (options.json ? planAsJson(*plan, measured ? measured->json : std::string())
                               : planSearchAsText(*plan));
    return plan->fits() ? Exit::Success : Exit::Failure;
}

} // namespace

void addPlanCommand(CLI::App& app, Runner& runner) {
    CLI::App* const command = app.add_subcommand(
        "plan", "Works out how much memory to reserve, from a plan file or a pipeline");
    const auto options = std::make_shared<PlanOptions>();
    CLI::Option* const file =
        command->add_option("file", options->file,
                            "The plan file (docs/plan.md, mediaheap(1)); - reads standard input");
    CLI::Option* const pipeline =
        command
            ->add_option("--pipeline", options->pipeline,
                         "Measure this pipeline of gst-launch-1.0 instead, and plan for it")
            ->excludes(file);
    command
        ->add_option("--frames", options->frames,
                     "It plays until some pad has seen so many buffers")
        ->needs(pipeline)
        ->check(CLI::Range(1, 1000000000))
        ->capture_default_str();
    command->add_option("--seconds", options->seconds, "and no longer than that")
        ->needs(pipeline)
        ->check(CLI::Range(0.1, 86400.0))
        ->capture_default_str();
    command->add_flag("--json", options->json, "Print JSON for programs");
    command
        ->add_option("--states", options->limits.states,
                     "States of the zone to look at before orders are drawn at random")
        ->capture_default_str();
    command->add_option("--samples", options->limits.samples, "Orders to draw then")
        ->capture_default_str();
    command->add_option("--seed", options->limits.seed, "What to draw them with")
        ->capture_default_str();
    command->footer("Exits with 1 where the sequence of modes does not fit the heap.");
    command->callback([options, &runner] {
        if (options->file.empty() && options->pipeline.empty())
            throw CLI::RequiredError("A plan file or --pipeline");
        runner = [options] { return runPlan(*options); };
    });
}

} // namespace mediaheap::tool
