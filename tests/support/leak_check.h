// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>

namespace mediaheap::test {

/// What this process holds of the kernel: its descriptors, and its mappings of memfds, DMA-BUFs and
/// device nodes. Taken when constructed; difference() compares with now.
class LeakCheck {
public:
    LeakCheck();

    /// Empty when nothing came and nothing went, else one line each, as `+ fd 7 /memfd:x
    /// (deleted)`.
    std::string difference() const;

private:
    using Entries = std::map<std::string, int>; // what -> how many of it

    static Entries now();

    Entries before_;
};

} // namespace mediaheap::test
