// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/checked.h"
#include "base/cma.h"
#include "base/error.h"

namespace mediaheap::plan {

namespace {

// A search for a zone large enough, from the largest mode on, tries so many sizes, each larger by
// that or by an eighth.
constexpr unsigned triedSizes = 24;
constexpr uint64_t sizeStep = uint64_t{1} << 20;
// Where the file's heap is too small, the search ends at so many times that heap or the largest
// mode: somewhere it has to, and what is said of the sizes is said with this one.
constexpr uint64_t mostTimes = 4;
/// Blocks in all items of the heap together.
constexpr size_t mostBlocks = 65536;

/// What is in no mode is there in all of them, and from the start.
bool isInAnyMode(const PlanFile& file, size_t item) {
    return std::any_of(file.modes.begin(), file.modes.end(), [&](const Mode& mode) {
        return std::find(mode.items.begin(), mode.items.end(), item) != mode.items.end();
    });
}

class SequenceMaker {
public:
    SequenceMaker(const PlanFile& file, uint64_t page) : file_(file), page_(page) {}

    Result<Sequence> make() {
        for (size_t item = 0; item < file_.items.size(); item++)
            addClasses(item);
        if (blocks_ > mostBlocks)
            return makeError(EINVAL, "work out the sequence",
                             std::to_string(blocks_) + " blocks in the heap, " +
                                 std::to_string(mostBlocks) + " at most");
        std::vector<size_t> always;
        for (size_t item = 0; item < file_.items.size(); item++) {
            if (!isInAnyMode(file_, item))
                append(always, item);
        }
        for (const Mode& mode : file_.modes) {
            std::vector<size_t> classes = always;
            for (const size_t item : mode.items)
                append(classes, item);
            sequence_.modes.push_back(std::move(classes));
        }
        sequence_.order = file_.order;
        if (sequence_.modes.empty()) {
            sequence_.modes.push_back(std::move(always));
            sequence_.order = {0};
        }
        sequence_.release = file_.release;
        return std::move(sequence_);
    }

private:
    void addClasses(size_t item) {
        firstClass_.push_back(sequence_.classes.size());
        const Item& from = file_.items[item];
        if (from.from != From::Heap)
            return;
        for (const Part& part : from.parts) {
            const uint64_t pages = (part.bytes + page_ - 1) / page_;
            if (pages == 0)
                continue;
            sequence_.classes.push_back(
                {from.name + " " + part.what, pages, static_cast<size_t>(part.count), item});
            blocks_ += part.count;
        }
    }

    void append(std::vector<size_t>& classes, size_t item) const {
        for (size_t c = firstClass_[item]; c < sequence_.classes.size(); c++) {
            if (sequence_.classes[c].item == item)
                classes.push_back(c);
        }
    }

    const PlanFile& file_;
    uint64_t page_;
    uint64_t blocks_ = 0;
    Sequence sequence_;
    std::vector<size_t> firstClass_;
};

uint64_t pagesOf(const Sequence& sequence, size_t mode) {
    Sequence one = sequence;
    one.order = {mode};
    return pagesOfLargestMode(one);
}

/// Whether the sequence fits a heap of that many bytes; the heap is the plan's if it does.
bool tryHeap(Plan& plan, uint64_t bytes, const SearchLimits& limits) {
    Sequence larger = plan.sequence;
    larger.zonePages = bytes / plan.page;
    plan.triedUpTo = bytes;
    SearchResult result = search(larger, limits);
    if (!result.fits)
        return false;
    if (plan.tooLarge.empty()) {
        plan.tightResult = std::move(plan.result);
        plan.tightSequence = std::move(plan.sequence);
    }
    plan.result = std::move(result);
    plan.sequence = std::move(larger);
    plan.heap = bytes;
    return true;
}

/// From the largest mode on.
void tryLargerHeaps(Plan& plan, const SearchLimits& limits) {
    const uint64_t step = std::max(sizeStep / plan.page, uint64_t{1});
    plan.triedApart = step * plan.page;
    uint64_t pages = plan.sequence.zonePages;
    for (unsigned tries = 0; tries < std::min(triedSizes, limits.sizes); tries++) {
        pages = (pages + std::max(step, pages / 8)) / step * step;
        if (tryHeap(plan, pages * plan.page, limits))
            return;
    }
}

/// From the file's heap on, in the grain of CMA, so that the plan's is what a file can have.
void tryHeapsOfGrain(Plan& plan, const SearchLimits& limits) {
    if (limits.sizes == 0)
        return;
    const uint64_t least = std::max(plan.largestMode, *plan.givenHeap + 1);
    const uint64_t first = *roundUp(least, cmaGrain);
    const uint64_t last = *roundUp(least * mostTimes, cmaGrain);
    plan.triedApart = std::max(*roundUp((last - first) / limits.sizes, cmaGrain), cmaGrain);
    plan.triedBound = last;
    uint64_t bytes = first;
    for (unsigned tries = 0; tries < limits.sizes && bytes <= last; tries++) {
        if (tryHeap(plan, bytes, limits))
            return;
        bytes += plan.triedApart;
    }
}

/// Looks for a zone that the sequence fits, from the smallest that could be one.
void fit(Plan& plan, const SearchLimits& limits) {
    if (plan.tooLarge.empty())
        plan.result = search(plan.sequence, limits);
    if (plan.result.fits)
        return;
    if (plan.givenHeap)
        tryHeapsOfGrain(plan, limits);
    else
        tryLargerHeaps(plan, limits);
}

void addUpModes(Plan& plan) {
    plan.givenHeap = plan.file.heap;
    if (plan.givenHeap)
        plan.givenHeap = *roundUp(*plan.givenHeap, plan.page);
    std::vector<size_t> seen;
    for (const size_t mode : plan.sequence.order) {
        if (std::find(seen.begin(), seen.end(), mode) != seen.end())
            continue;
        seen.push_back(mode);
        const uint64_t bytes = pagesOf(plan.sequence, mode) * plan.page;
        const std::string name =
            plan.file.modes.empty() ? std::string() : plan.file.modes[mode].name;
        if (bytes > plan.largestMode || plan.largestModeName.empty()) {
            plan.largestMode = bytes;
            plan.largestModeName = name;
        }
        if (plan.givenHeap && bytes > *plan.givenHeap)
            plan.tooLarge.push_back({name, bytes});
    }
}

} // namespace

Result<Plan> addUp(PlanFile file, uint64_t machinePage) {
    Plan plan;
    plan.page = file.page != 0 ? file.page : machinePage;
    plan.file = std::move(file);
    Result<Sequence> sequence = SequenceMaker(plan.file, plan.page).make();
    if (!sequence)
        return std::move(sequence).error();
    plan.sequence = std::move(sequence).value();
    addUpModes(plan);
    plan.heap = plan.givenHeap.value_or(plan.largestMode);
    plan.sequence.zonePages = plan.heap / plan.page;
    for (const Item& item : plan.file.items) {
        if (item.from == From::Cma)
            plan.others += item.bytes();
    }
    return plan;
}

Result<Plan> findHeap(Plan plan, const SearchLimits& limits) {
    fit(plan, limits);
    if (!plan.result.fits)
        return plan;
    const uint64_t sum = plan.heap + plan.others;
    if (plan.file.margin) {
        plan.margin = *plan.file.margin;
    } else {
        plan.marginPercent = plan.file.marginPercent.value_or(cmaMargin);
        plan.margin = sum / 100 * plan.marginPercent + sum % 100 * plan.marginPercent / 100;
    }
    plan.cma = cmaReservation(sum, plan.margin);
    if (!plan.cma)
        return makeError(EINVAL, "add up the plan", "more than 64 bits count");
    return plan;
}

Result<Plan> workOut(PlanFile file, uint64_t machinePage, const SearchLimits& limits) {
    Result<Plan> plan = addUp(std::move(file), machinePage);
    if (!plan)
        return plan;
    return findHeap(std::move(plan).value(), limits);
}

} // namespace mediaheap::plan
