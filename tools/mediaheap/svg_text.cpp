// SPDX-License-Identifier: LGPL-2.1-or-later
#include "svg_text.h"

#include <cstdint>

namespace mediaheap::tool {

namespace {

constexpr const char* replacement = "\xef\xbf\xbd";

/// How many bytes the character at @p at has; 0 where there is none of XML's.
size_t lengthOfCharacter(const std::string& text, size_t at) {
    const auto byte = [&](size_t n) {
        return n < text.size() ? static_cast<unsigned char>(text[n]) : 0u;
    };
    const unsigned first = byte(at);
    if (first < 0x80)
        return first >= 0x20 && first != 0x7f ? 1 : 0;
    const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    uint32_t code = first & (0xffu >> (length + 1));
    for (size_t n = 1; n < length; n++) {
        if ((byte(at + n) & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (byte(at + n) & 0x3f);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return overlong || surrogate || code > 0x10ffff || (code & 0xfffe) == 0xfffe ? 0 : length;
}

} // namespace

std::string escapeXml(const std::string& text) {
    std::string escaped;
    for (size_t at = 0; at < text.size();) {
        const size_t length = lengthOfCharacter(text, at);
        if (length == 0) {
            escaped += replacement;
            at++;
            continue;
        }
        switch (text[at]) {
        case '&':
            escaped += "&amp;";
            break;
        case '<':
            escaped += "&lt;";
            break;
        case '>':
            escaped += "&gt;";
            break;
        case '"':
            escaped += "&quot;";
            break;
        default:
            escaped.append(text, at, length);
        }
        at += length;
    }
    return escaped;
}

} // namespace mediaheap::tool
