// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <mediaheap/result.h>

namespace mediaheap {

/// EINVAL of a heap string that cannot be read.
Error malformedHeapString(std::string cause, std::string remedy);

// What stands behind the `=` in a heap string. All refuse with EINVAL, naming @p key.

/// Bytes, decimal or with 0x; K, M and G multiply.
Result<uint64_t> parseSize(std::string_view key, std::string_view text);
/// A number up to @p most; @p what says in the remedy what it is of.
Result<uint64_t> parseNumber(std::string_view key, std::string_view text, uint64_t most,
                             const char* what);
/// 0 or 1.
Result<bool> parseFlag(std::string_view key, std::string_view text);

/// Whether @p text can be the name of a zone or of a heap's node: no blanks, quotes, '=' and '/'.
bool isPlainName(std::string_view text);

/// In the largest suffix that fits.
std::string formatSize(uint64_t bytes);
std::string formatAddress(uint64_t address);

} // namespace mediaheap
