// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mediaheap::tool {

/// How a step of the selftest came out.
struct Step {
    enum class Outcome {
        Ok,
        Failed,
        NotPossible, ///< here, for the reason that the text gives
        NotTried,    ///< a step that it needs has failed, which says why
    };
    std::string name;
    Outcome outcome = Outcome::Ok;
    std::string text;
    std::string needs;   ///< of one that was not tried: the step that failed
    bool spoils = false; ///< failed, and what needs this step cannot be tried

    static Step ok(std::string name, std::string text);
    static Step failed(std::string name, std::string text);
    /// A failure that leaves the others something to go on with.
    static Step blemished(std::string name, std::string text);
    static Step notPossible(std::string name, std::string text);
    static Step notTried(std::string name, std::string needs);
};

/// The whole selftest, on a page that a bug report can have as it is.
struct Verdict {
    std::string kernel;  ///< as uname(2) has it
    std::string library; ///< version
    std::string heap;    ///< heap string, canonical where it could be opened
    std::string machine; ///< page size, memory, processors
    std::vector<Step> steps;

    size_t count(Step::Outcome outcome) const;
    /// Whether what needs that step cannot be tried.
    bool isSpoilt(const std::string& step) const;
    /// The steps in their order; those that were not tried below, by what they need.
    std::string asText() const;
    std::string asJson() const;
};

} // namespace mediaheap::tool
