// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdio>
#include <string>

#include "plan_output.h"

namespace mediaheap::tool {

namespace {

using plan::Counterexample;
using plan::Event;
using plan::From;
using plan::Item;
using plan::Plan;
using plan::Release;
using plan::SearchResult;
using plan::Sequence;

// Of a long order of events the last ones say what went wrong.
constexpr size_t eventsShown = 200;

std::string number(uint64_t value) { return std::to_string(value); }

/// `2457600 bytes (2.34 MiB)`.
std::string bytesText(uint64_t bytes) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, " bytes (%.2f MiB)",
                  static_cast<double>(bytes) / (1 << 20));
    return number(bytes) + buffer;
}

std::string cmaText(uint64_t bytes) { return number(bytes >> 20) + "M"; }

std::string itemText(const Item& item) {
    std::string text = item.name + " (" + item.kind + ", " +
                       (item.from == From::Heap ? "blocks of the heap" : "beside the heap") +
                       "): " + bytesText(item.bytes()) + "\n";
    text += "    " + item.formula + "\n";
    text += "    " + item.source + "\n";
    return text;
}

std::string placeText(const Plan& plan, const Sequence& sequence, const plan::Placed& block) {
    const plan::BlockClass& is = sequence.classes[block.ofClass];
    char buffer[96];
    std::snprintf(buffer, sizeof buffer, "0x%08llx..0x%08llx  ",
                  static_cast<unsigned long long>(block.first * plan.page),
                  static_cast<unsigned long long>((block.first + is.pages) * plan.page - 1));
    return buffer + is.name;
}

std::string modeName(const Plan& plan, size_t step) {
    return plan.file.modes.empty() ? "the only mode"
                                   : "mode " + plan.file.modes[plan.file.order[step]].name;
}

std::string counterexampleText(const Plan& plan, const Sequence& sequence,
                               const Counterexample& found) {
    std::string text = "  An order that does not fit:\n";
    const size_t first = found.events.size() > eventsShown ? found.events.size() - eventsShown : 0;
    if (first > 0)
        text += "    (" + number(first) + " events before these)\n";
    for (size_t i = first; i < found.events.size(); i++) {
        const Event& event = found.events[i];
        if (event.kind == Event::Kind::Mode)
            text += "    " + modeName(plan, event.step) + " begins\n";
        else
            text += std::string("      ") +
                    (event.kind == Event::Kind::Allocate ? "allocate  " : "give back ") +
                    placeText(plan, sequence, event.block) + "\n";
    }
    const plan::BlockClass& missing = sequence.classes[found.ofClass];
    text += "  Then there is no place for " + missing.name + " of " +
            number(missing.pages * plan.page) + " bytes: " + number(found.freePages * plan.page) +
            " bytes are free, " + number(found.largestGap * plan.page) +
            " in one piece, and there are\n";
    for (const plan::Placed& block : found.live)
        text += "      " + placeText(plan, sequence, block) + "\n";
    return text;
}

std::string orderText(const Plan& plan) {
    std::string text;
    for (const size_t mode : plan.file.order)
        text += (text.empty() ? "" : " -> ") + plan.file.modes[mode].name;
    return text.empty() ? "Everything at once" : text;
}

std::string mibText(uint64_t bytes) { return number(bytes >> 20) + " MiB"; }

/// Which sizes the search goes through.
std::string sizesText(const Plan& plan) {
    return plan.givenHeap
               ? mibText(plan.triedApart) + " apart, " + mibText(plan.triedBound) + " at most"
               : "1 MiB or an eighth apart";
}

/// That no size was found.
std::string noneFits(const Plan& plan) {
    if (plan.triedUpTo == 0)
        return "no larger heap was tried";
    return "the sequence fits none of the larger sizes tried, " + sizesText(plan);
}

std::string modeText(const std::string& name) {
    return name.empty() ? "everything at once" : "mode " + name;
}

std::string sequenceText(const Plan& plan) {
    std::string text = "Sequence      " + orderText(plan) + "\n";
    const auto verdict = [&](const SearchResult& result, const Sequence& sequence) {
        text += std::string("  ") + (result.fits ? "fits" : "does not fit") + " a heap of " +
                number(sequence.zonePages * plan.page) +
                " bytes under best fit: " + describeSearch(result, sequence) + "\n";
        if (result.counterexample)
            text += counterexampleText(plan, sequence, *result.counterexample);
    };
    if (plan.tightResult)
        verdict(*plan.tightResult, plan.tightSequence);
    if (plan.tooLarge.empty() || plan.result.fits)
        verdict(plan.result, plan.sequence);
    else
        text += "  " + noneFits(plan) + "\n";
    return text;
}

/// Where the size of the heap comes from, if it is not the first one's.
std::string foundText(const Plan& plan) {
    const std::string first = "the first of the larger sizes tried, " + sizesText(plan);
    std::string text =
        plan.givenHeap ? "    the sequence below fits it, " + first
                       : "    and the sequence below does not fit that, but fits this: " + first;
    if (!plan.result.exhaustive)
        text += "; found by sampling, not proved: " + number(plan.result.samples) +
                " orders drawn at random fit";
    return text + "\n";
}

} // namespace

std::string describeSearch(const SearchResult& result, const Sequence& sequence) {
    const std::string portions = sequence.release == Release::First   ? "all at once, first"
                                 : sequence.release == Release::Items ? "item by item"
                                                                      : "block by block";
    if (!result.exhaustive)
        return "SAMPLED, not proved: " + number(result.samples) + " orders of giving back " +
               portions + ", drawn with seed " + number(result.seed) + ", after " +
               number(result.states) + " states of the zone left the search unfinished";
    return (result.fits ? "every order of giving back " : "searched by orders of giving back ") +
           portions + ", " + number(result.states) + " states of the zone";
}

std::string planHeadAsText(const Plan& plan) {
    std::string text;
    for (const Item& item : plan.file.items)
        text += itemText(item);
    text += "\n";
    if (plan.givenHeap)
        text += "Heap given    " + bytesText(*plan.givenHeap) + ", by the plan file\n";
    for (const plan::TooLarge& mode : plan.tooLarge)
        text += "    too small: " + modeText(mode.mode) + " by itself needs " + number(mode.bytes) +
                " bytes\n";
    if (!plan.tooLarge.empty())
        text += "    no order of modes is looked at in it, larger heaps are\n";
    return text;
}

std::string planSearchAsText(const Plan& plan) {
    std::string text;
    if (plan.givenHeap && !plan.fits() && plan.tooLarge.empty())
        text += "    too small: the sequence below does not fit it\n";
    if (plan.result.fits)
        text += (plan.fits() ? "Heap          " : "Heap needed   ") + bytesText(plan.heap) + "\n";
    else
        text += "Heap          none found: " + noneFits(plan) + "\n";
    text += "    the largest mode" +
            (plan.largestModeName.empty() ? "" : ", " + plan.largestModeName + ",") + " has " +
            number(plan.largestMode) + " bytes in whole pages of " + number(plan.page) + "\n";
    if (plan.result.fits && plan.triedUpTo > 0)
        text += foundText(plan);
    text += "Others        " + bytesText(plan.others) + ", beside the heap\n";
    if (plan.cma) {
        text += "Margin        " + bytesText(plan.margin);
        if (plan.marginPercent > 0)
            text += ", " + number(plan.marginPercent) + " % of both" +
                    (plan.file.marginPercent
                         ? ""
                         : " (this tool's choice: ArtInChip's document names none)");
        text += "\nCMA           " + bytesText(*plan.cma) +
                ": boot with cma=" + cmaText(*plan.cma) +
                (plan.fits() ? "" : ", for a heap of " + number(plan.heap >> 20) + "M") +
                "\n    >= heap + others + margin, a multiple of 4 MiB (ArtInChip, MPP Heap "
                "documentation, mpp heap settings)\n";
    } else {
        text += "CMA           not worked out, for want of a heap that fits\n";
    }
    return plan.hasBlocks() ? text + "\n" + sequenceText(plan) : text;
}

} // namespace mediaheap::tool
