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
    };
    std::string name;
    Outcome outcome = Outcome::Ok;
    std::string text;

    static Step ok(std::string name, std::string text);
    static Step failed(std::string name, std::string text);
    static Step notPossible(std::string name, std::string text);
};

/// The whole selftest, on a page that a bug report can have as it is.
struct Verdict {
    std::string kernel;  ///< as uname(2) has it
    std::string library; ///< version
    std::string heap;    ///< heap string, canonical where it could be opened
    std::string machine; ///< page size, memory, processors
    std::vector<Step> steps;

    size_t count(Step::Outcome outcome) const;
    std::string asText() const;
    std::string asJson() const;
};

} // namespace mediaheap::tool
