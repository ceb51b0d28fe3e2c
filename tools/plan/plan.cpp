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

// A search for a zone large enough tries so many sizes, each larger by that or by an eighth.
constexpr unsigned triedSizes = 24;
constexpr uint64_t sizeStep = uint64_t{1} << 20;
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

/// Looks for a zone that the sequence fits, from the smallest that could be one.
void fit(Plan& plan, const SearchLimits& limits) {
    plan.result = search(plan.sequence, limits);
    if (plan.result.fits || plan.heapGiven)
        return;
    Sequence larger = plan.sequence;
    const uint64_t step = std::max(sizeStep / plan.page, uint64_t{1});
    for (unsigned tries = 0; tries < triedSizes; tries++) {
        larger.zonePages = (larger.zonePages + std::max(step, larger.zonePages / 8)) / step * step;
        SearchResult result = search(larger, limits);
        if (!result.fits)
            continue;
        plan.tightResult = std::move(plan.result);
        plan.tightSequence = std::move(plan.sequence);
        plan.result = std::move(result);
        plan.sequence = std::move(larger);
        plan.heap = plan.sequence.zonePages * plan.page;
        return;
    }
}

} // namespace

Result<Plan> workOut(PlanFile file, uint64_t machinePage, const SearchLimits& limits) {
    Plan plan;
    plan.page = file.page != 0 ? file.page : machinePage;
    plan.file = std::move(file);
    Result<Sequence> sequence = SequenceMaker(plan.file, plan.page).make();
    if (!sequence)
        return std::move(sequence).error();
    plan.sequence = std::move(sequence).value();

    for (const size_t mode : plan.sequence.order) {
        const uint64_t bytes = pagesOf(plan.sequence, mode) * plan.page;
        if (bytes > plan.largestMode || plan.largestModeName.empty()) {
            plan.largestMode = std::max(bytes, plan.largestMode);
            if (!plan.file.modes.empty())
                plan.largestModeName = plan.file.modes[mode].name;
        }
    }
    plan.heapGiven = plan.file.heap.has_value();
    plan.heap = plan.largestMode;
    if (plan.heapGiven)
        plan.heap = *roundUp(*plan.file.heap, plan.page);
    plan.sequence.zonePages = plan.heap / plan.page;
    fit(plan, limits);

    for (const Item& item : plan.file.items) {
        if (item.from == From::Cma)
            plan.others += item.bytes();
    }
    const uint64_t sum = plan.heap + plan.others;
    if (plan.file.margin) {
        plan.margin = *plan.file.margin;
    } else {
        plan.marginPercent = plan.file.marginPercent.value_or(cmaMargin);
        plan.margin = sum / 100 * plan.marginPercent + sum % 100 * plan.marginPercent / 100;
    }
    const auto cma = cmaReservation(sum, plan.margin);
    if (!cma)
        return makeError(EINVAL, "add up the plan", "more than 64 bits count");
    plan.cma = *cma;
    return plan;
}

} // namespace mediaheap::plan
