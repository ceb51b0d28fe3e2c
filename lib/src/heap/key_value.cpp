// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/key_value.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "base/read_number.h"

namespace mediaheap {

namespace {

std::optional<uint64_t> parseDigits(std::string_view text) {
    uint64_t base = 10;
    if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text.remove_prefix(2);
    }
    uint64_t value = 0;
    if (readNumber(text, base, value) != NumberKind::Fine)
        return std::nullopt;
    return value;
}

} // namespace

Error malformedHeapString(std::string cause, std::string remedy) {
    return makeError(EINVAL, "read the heap string", std::move(cause), std::move(remedy));
}

Result<uint64_t> parseSize(std::string_view key, std::string_view text) {
    std::string_view digits = text;
    unsigned shift = 0;
    if (!digits.empty()) {
        switch (digits.back()) {
        case 'k':
        case 'K':
            shift = 10;
            break;
        case 'm':
        case 'M':
            shift = 20;
            break;
        case 'g':
        case 'G':
            shift = 30;
            break;
        default:
            break;
        }
        if (shift)
            digits.remove_suffix(1);
    }
    const auto number = parseDigits(digits);
    const auto bytes = number ? checkedMultiply(*number, uint64_t{1} << shift) : std::nullopt;
    if (!bytes)
        return malformedHeapString(std::string(key) + "=" + std::string(text) + " is not a size",
                                   "give bytes, or a number with K, M or G, for example " +
                                       std::string(key) + "=64M");
    return *bytes;
}

Result<uint64_t> parseNumber(std::string_view key, std::string_view text, uint64_t most,
                             const char* what) {
    const auto number = parseDigits(text);
    if (number && *number <= most)
        return *number;
    return malformedHeapString(std::string(key) + "=" + std::string(text) +
                                   " is not a number up to " + std::to_string(most),
                               "give " + std::string(what) + ", for example " + std::string(key) +
                                   "=64");
}

Result<bool> parseFlag(std::string_view key, std::string_view text) {
    if (text == "0" || text == "1")
        return text == "1";
    return malformedHeapString(std::string(key) + "=" + std::string(text) + " is neither 0 nor 1",
                               "write " + std::string(key) + "=0 or " + std::string(key) + "=1");
}

bool isPlainName(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return c > ' ' && c != 0x7f && c != '"' && c != '\'' && c != '=' && c != '/';
    });
}

std::string formatSize(uint64_t bytes) {
    const char* suffix = "";
    for (const char* next : {"K", "M", "G"}) {
        if (bytes == 0 || bytes % 1024 != 0)
            break;
        bytes /= 1024;
        suffix = next;
    }
    return std::to_string(bytes) + suffix;
}

std::string formatAddress(uint64_t address) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%" PRIx64, address);
    return text;
}

} // namespace mediaheap
