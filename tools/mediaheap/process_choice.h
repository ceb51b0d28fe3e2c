// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "tables/process_identity.h"

namespace mediaheap::tool {

/// The process that a command was asked about, by its number or name; without one, all.
class ProcessChoice {
public:
    ProcessChoice() = default;
    explicit ProcessChoice(std::string text);

    bool isEverybody() const { return text_.empty(); }
    bool means(const ProcessIdentity& process) const;

    /// That it has none, and how many others have: `there is no process 7; 2 other processes have
    /// a heap open`. @p heap says which heaps are meant, or is empty. Of everybody @p others are
    /// those who have other heaps.
    std::string hasNone(const std::string& heap, size_t others) const;

private:
    std::string text_;
    std::optional<int64_t> number_;
};

/// A number of a process: digits, from 1 on.
std::optional<int64_t> processNumber(const std::string& text);

} // namespace mediaheap::tool
