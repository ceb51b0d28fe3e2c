// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/mmz_layout.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "base/checked.h"
#include "base/error.h"
#include "base/read_number.h"

namespace mediaheap {

namespace {

constexpr const char* grammar =
    "write mmz=<name>,<gfp>,<start>,<size>[,<alloc_type>,<block_align>], zones separated by ':', "
    "and what the system has of a zone behind it as +<name>,<start>,<length>[,<kvirt>,<flags>]; "
    "mmz= comes last in a heap string";
constexpr size_t longestName = 31; // HiSilicon's mmz_name[32] with its NUL
constexpr size_t mostZones = 64;
// The vendor reads K and M, and stops at any other.
constexpr uint64_t largestFactor = uint64_t{1} << 20;

using Fields = std::vector<std::string_view>;

Error malformed(std::string cause, std::string remedy = grammar) {
    return makeError(EINVAL, "read mmz=", std::move(cause), std::move(remedy));
}

Fields split(std::string_view text, char separator) {
    Fields fields;
    for (size_t at = 0; at <= text.size();) {
        const size_t end = std::min(text.find(separator, at), text.size());
        fields.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return fields;
}

/// 0 where @p c is none of the suffixes that memparse() and the vendor know.
uint64_t factorOf(char c) {
    const char* const suffixes = "kmgtpe";
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const char* const found = small == 0 ? nullptr : std::strchr(suffixes, small);
    return found ? uint64_t{1} << (10 * (found - suffixes + 1)) : 0;
}

/// As simple_strtoul(text, NULL, 0) and the vendor's suffixes read it, without what they let pass.
Result<uint64_t> number(std::string_view text, std::string_view whole, const char* field) {
    const std::string said =
        "'" + std::string(text) + "' as the " + field + " in '" + std::string(whole) + "' ";
    std::string_view digits = text;
    const bool isHex =
        digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    if (isHex)
        digits.remove_prefix(2);
    // In a hexadecimal number an E is a digit.
    const bool isDigit =
        digits.empty() || (isHex && (digits.back() == 'e' || digits.back() == 'E'));
    const uint64_t factor = isDigit ? 0 : factorOf(digits.back());
    if (factor != 0)
        digits.remove_suffix(1);
    uint64_t value = 0;
    const bool octal = !isHex && digits.size() > 1 && digits[0] == '0';
    const NumberKind kind = readNumber(digits, isHex ? 16 : octal ? 8 : 10, value);
    if (kind == NumberKind::None)
        return malformed(said + "is no number");
    if (factor > largestFactor)
        return malformed(said + "ends in '" + text.back() + "', and only K and M multiply here",
                         "write it in M, such as 1024M for 1G");
    const auto scaled = checkedMultiply(value, std::max<uint64_t>(factor, 1));
    if (kind == NumberKind::TooLarge || !scaled)
        return malformed(said + "is too large", "stay below 2^64, in bytes");
    return *scaled;
}

bool isName(std::string_view text, const char* forbidden) {
    return !text.empty() && text.size() <= longestName &&
           std::none_of(text.begin(), text.end(), [&](unsigned char c) {
               return c < ' ' || c == 0x7f ||
                      std::string_view(forbidden).find(static_cast<char>(c)) !=
                          std::string_view::npos;
           });
}

std::string range(uint64_t start, uint64_t size) {
    char text[64];
    std::snprintf(text, sizeof text, "0x%" PRIx64 "-0x%" PRIx64, start, start + size - 1);
    return text;
}

std::string hex(uint64_t value) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%" PRIx64, value);
    return text;
}

std::string sized(uint64_t bytes) {
    const char* suffix = "";
    for (const char* next : {"K", "M"}) {
        if (bytes == 0 || bytes % 1024 != 0)
            break;
        bytes /= 1024;
        suffix = next;
    }
    return std::to_string(bytes) + suffix;
}

/// Reads @p target from a field.
struct FieldOf {
    const char* name;
    uint64_t* target;
};

Result<void> readNumbers(const Fields& fields, std::string_view whole,
                         const std::vector<FieldOf>& wanted) {
    for (size_t i = 0; i < wanted.size() && i + 1 < fields.size(); i++) {
        const Result<uint64_t> value = number(fields[i + 1], whole, wanted[i].name);
        if (!value)
            return value.error();
        *wanted[i].target = value.value();
    }
    return {};
}

Result<MmzLayout::ZoneLine> readZone(std::string_view text) {
    const Fields fields = split(text, ',');
    if (fields.size() != 4 && fields.size() != 6)
        return malformed("'" + std::string(text) + "' has " + std::to_string(fields.size()) +
                         " fields, and a zone has 4 or 6");
    MmzLayout::ZoneLine zone;
    if (!isName(fields[0], " \"'=/") || fields[0][0] == '@')
        return malformed("'" + std::string(fields[0]) + "' is not a zone name",
                         "use 1 to 31 characters without blanks, quotes, '=' and '/'");
    zone.name = std::string(fields[0]);
    uint64_t type = 0;
    if (Result<void> read = readNumbers(fields, text,
                                        {{"gfp", &zone.gfp},
                                         {"start", &zone.start},
                                         {"size", &zone.size},
                                         {"alloc_type", &type},
                                         {"block_align", &zone.blockAlign}});
        !read)
        return std::move(read).error();
    if (zone.size == 0)
        return malformed("zone '" + zone.name + "' has no memory", "give it at least one page");
    if (!checkedAdd(zone.start, zone.size))
        return malformed("zone '" + zone.name + "' ends beyond the address space",
                         "give it a lower start or a smaller size");
    if (type > 2)
        return malformed("alloc_type " + std::to_string(type) + " of zone '" + zone.name +
                             "' does not exist",
                         "write 0 for sizes as they are, 1 for powers of two, 2 for multiples of "
                         "block_align");
    zone.allocType = static_cast<unsigned>(type);
    if ((type == 2) != (zone.blockAlign != 0))
        return malformed("zone '" + zone.name + "' has alloc_type " + std::to_string(type) +
                             " and block_align " + std::to_string(zone.blockAlign),
                         "block_align belongs to alloc_type 2; write 0 with any other");
    return zone;
}

Result<MmzLayout::Block> readBlock(std::string_view text, const MmzLayout::ZoneLine& zone) {
    const Fields fields = split(text, ',');
    if (fields.size() != 3 && fields.size() != 5)
        return malformed("'+" + std::string(text) + "' has " + std::to_string(fields.size()) +
                         " fields, and a block of the system has 3 or 5");
    MmzLayout::Block block;
    if (!isName(fields[0], "\"") || fields[0].front() == ' ' || fields[0].back() == ' ')
        return malformed("'" + std::string(fields[0]) + "' is not a block's name",
                         "use 1 to 31 characters without quotes");
    block.name = std::string(fields[0]);
    uint64_t flags = 0;
    if (Result<void> read = readNumbers(fields, text,
                                        {{"start", &block.start},
                                         {"length", &block.length},
                                         {"kvirt", &block.kvirt},
                                         {"flags", &flags}});
        !read)
        return std::move(read).error();
    if (flags > UINT32_MAX)
        return malformed("flags " + hex(flags) + " of block '" + block.name +
                             "' are more than 32 bits",
                         "copy them from /proc/media-mem");
    block.flags = static_cast<uint32_t>(flags);
    if (block.length == 0)
        return malformed("block '" + block.name + "' has no memory", "give it at least one page");
    if (block.start < zone.start || block.start - zone.start >= zone.size ||
        block.length > zone.size - (block.start - zone.start))
        return malformed("block '" + block.name + "' at " + hex(block.start) +
                             " does not lie in zone '" + zone.name + "' of " +
                             range(zone.start, zone.size),
                         "write it behind the zone that it lies in");
    return block;
}

Result<void> checkDisjoint(const std::vector<MmzLayout::ZoneLine>& zones) {
    for (size_t i = 0; i < zones.size(); i++) {
        for (size_t j = 0; j < i; j++) {
            const MmzLayout::ZoneLine& a = zones[j];
            const MmzLayout::ZoneLine& b = zones[i];
            if (a.name == b.name && a.gfp == b.gfp)
                return malformed("two zones are named '" + a.name + "' with gfp " +
                                     std::to_string(a.gfp),
                                 "give each a name or a gfp of its own");
            if (a.start <= b.start + (b.size - 1) && b.start <= a.start + (a.size - 1))
                return malformed("zone '" + b.name + "' of " + range(b.start, b.size) +
                                     " overlaps zone '" + a.name + "' of " + range(a.start, a.size),
                                 "give each addresses of its own");
        }
        for (size_t k = 1; k < zones[i].blocks.size(); k++) {
            const MmzLayout::Block& a = zones[i].blocks[k - 1];
            const MmzLayout::Block& b = zones[i].blocks[k];
            if (b.start - a.start < a.length)
                return malformed("block '" + b.name + "' of " + range(b.start, b.length) +
                                     " overlaps block '" + a.name + "' of " +
                                     range(a.start, a.length),
                                 "give each addresses of its own");
        }
    }
    return {};
}

Result<MmzLayout> readParts(const Fields& parts) {
    MmzLayout layout;
    for (const std::string_view part : parts) {
        if (part.empty())
            return malformed("a zone without anything in it");
        if (part[0] == '+') {
            if (layout.zones.empty())
                return malformed("'" + std::string(part) + "' comes before any zone");
            MmzLayout::ZoneLine& zone = layout.zones.back();
            Result<MmzLayout::Block> block = readBlock(part.substr(1), zone);
            if (!block)
                return std::move(block).error();
            zone.blocks.push_back(std::move(block).value());
            continue;
        }
        Result<MmzLayout::ZoneLine> zone = readZone(part);
        if (!zone)
            return std::move(zone).error();
        layout.zones.push_back(std::move(zone).value());
    }
    if (layout.zones.empty())
        return malformed("no zone");
    if (layout.zones.size() > mostZones)
        return malformed(std::to_string(layout.zones.size()) + " zones are more than " +
                             std::to_string(mostZones),
                         "describe fewer");
    for (MmzLayout::ZoneLine& zone : layout.zones)
        std::sort(zone.blocks.begin(), zone.blocks.end(),
                  [](const auto& a, const auto& b) { return a.start < b.start; });
    if (Result<void> disjoint = checkDisjoint(layout.zones); !disjoint)
        return std::move(disjoint).error();
    return layout;
}

std::string_view trimmed(std::string_view line) {
    constexpr const char* blanks = " \t\r";
    const size_t first = line.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return line.substr(first, line.find_last_not_of(blanks) - first + 1);
}

} // namespace

Result<MmzLayout> MmzLayout::parse(std::string_view text) { return readParts(split(text, ':')); }

Result<MmzLayout> MmzLayout::parseLines(std::string_view text) {
    Fields parts;
    for (const std::string_view line : split(text, '\n')) {
        const std::string_view content = trimmed(line.substr(0, line.find('#')));
        if (!content.empty())
            parts.push_back(content);
    }
    return readParts(parts);
}

std::string MmzLayout::text() const {
    std::string text;
    for (const ZoneLine& zone : zones) {
        text += (text.empty() ? "" : ":") + zone.name + "," + std::to_string(zone.gfp) + "," +
                hex(zone.start) + "," + sized(zone.size);
        if (zone.allocType != 0)
            text += "," + std::to_string(zone.allocType) + "," + sized(zone.blockAlign);
        for (const Block& block : zone.blocks) {
            text += ":+" + block.name + "," + hex(block.start) + "," + sized(block.length);
            if (block.kvirt != 0 || block.flags != 0)
                text += "," + hex(block.kvirt) + "," + std::to_string(block.flags);
        }
    }
    return text;
}

uint64_t MmzLayout::size() const {
    // No overflow: zones are disjoint parts of one address space.
    uint64_t sum = 0;
    for (const ZoneLine& zone : zones)
        sum += zone.size;
    return sum;
}

Result<void> MmzLayout::checkPages(uint64_t page) const {
    const auto complain = [&](const std::string& what) {
        return malformed(what + " is not made of whole pages of " + std::to_string(page) + " bytes",
                         "give starts, sizes and block_align in multiples of that");
    };
    for (const ZoneLine& zone : zones) {
        if (zone.start % page != 0 || zone.size % page != 0 || zone.blockAlign % page != 0)
            return complain("zone '" + zone.name + "'");
        for (const Block& block : zone.blocks) {
            if (block.start % page != 0 || block.length % page != 0)
                return complain("block '" + block.name + "'");
        }
    }
    return {};
}

std::vector<Zone::Setup> MmzLayout::setups() const {
    std::vector<Zone::Setup> setups;
    uint64_t at = 0;
    for (const ZoneLine& zone : zones) {
        Zone::Setup setup;
        setup.name = zone.name;
        setup.gfp = zone.gfp;
        setup.base = zone.start;
        setup.size = zone.size;
        setup.start = at;
        setup.unit = zone.blockAlign;
        setup.powersOfTwo = zone.allocType == 1;
        setup.bounded = true;
        setup.listed = true;
        for (const Block& block : zone.blocks)
            setup.system.push_back({block.name, at + (block.start - zone.start), block.length,
                                    block.kvirt, block.flags});
        setups.push_back(std::move(setup));
        at += zone.size;
    }
    return setups;
}

} // namespace mediaheap
