// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace mediaheap {

/// How the files of a process are called: `PID.START.NAMESPACE.NUMBER.heap`, and
/// `PID.START.NAMESPACE.sock` for the socket on which it listens. So that whose a file is can be
/// told without believing what is in it.
struct TableName {
    int64_t pid = 0;
    uint64_t startTime = 0;
    uint64_t pidNamespace = 0;
    std::optional<uint32_t> number; ///< of a heap; the socket has none

    std::string text() const;
    /// Nothing where @p text is no such name.
    static std::optional<TableName> parse(const std::string& text);
};

} // namespace mediaheap
