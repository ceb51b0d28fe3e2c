// SPDX-License-Identifier: LGPL-2.1-or-later
#include "section.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "item.h"

namespace mediaheap::plan {

namespace {

std::string at(const std::string& file, unsigned line) { return file + ":" + std::to_string(line); }

std::optional<uint64_t> parseNumber(std::string_view text) {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

} // namespace

std::string_view trimmed(std::string_view text) {
    const char* const space = " \t\r";
    const size_t first = text.find_first_not_of(space);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::optional<uint64_t> parseBytes(std::string_view text) {
    uint64_t unit = 1;
    if (!text.empty()) {
        switch (text.back()) {
        case 'K':
        case 'k':
            unit = uint64_t{1} << 10;
            break;
        case 'M':
        case 'm':
            unit = uint64_t{1} << 20;
            break;
        case 'G':
        case 'g':
            unit = uint64_t{1} << 30;
            break;
        default:
            break;
        }
        if (unit > 1)
            text.remove_suffix(1);
    }
    const size_t point = text.find('.');
    const auto whole = parseNumber(text.substr(0, point));
    if (!whole)
        return std::nullopt;
    auto bytes = checkedMultiply(*whole, unit);
    if (point != std::string_view::npos) {
        const std::string_view digits = text.substr(point + 1);
        const auto part = parseNumber(digits);
        if (!part || digits.size() > 9 || unit == 1)
            return std::nullopt;
        uint64_t ten = 1;
        for (size_t digit = 0; digit < digits.size(); digit++)
            ten *= 10;
        // At most 10^9 * 2^30, which 64 bits hold.
        if (*part * unit % ten != 0 || !bytes)
            return std::nullopt;
        bytes = checkedAdd(*bytes, *part * unit / ten);
    }
    return bytes && *bytes <= largestBytes ? bytes : std::nullopt;
}

Section::Section(std::string file, unsigned line, std::string kind, std::string name)
    : file_(std::move(file)), line_(line), kind_(std::move(kind)), name_(std::move(name)) {}

Result<void> Section::add(unsigned line, std::string_view key, std::string_view value) {
    for (const Key& known : keys_) {
        if (known.key == key)
            return makeError(EINVAL, at(file_, line),
                             "key " + quoted(key) + " is given twice, first in line " +
                                 std::to_string(known.line),
                             "take one of the two out");
    }
    keys_.push_back({line, std::string(key), std::string(value), false});
    return {};
}

bool Section::has(std::string_view key) const {
    return std::any_of(keys_.begin(), keys_.end(), [&](const Key& k) { return k.key == key; });
}

Section::Key* Section::take(std::string_view key) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end())
        known_.emplace_back(key);
    for (Key& known : keys_) {
        if (known.key == key) {
            known.taken = true;
            return &known;
        }
    }
    return nullptr;
}

Section::Key* Section::need(std::string_view key) {
    Key* const found = take(key);
    if (!found && missing_.code == 0)
        missing_ = makeError(EINVAL, at(file_, line_),
                             "[" + kind_ + (name_.empty() ? "" : " " + name_) + "] needs a key " +
                                 quoted(key));
    return found;
}

std::string Section::takeText(std::string_view key, const std::string& otherwise) {
    const Key* const found = take(key);
    return found ? found->value : otherwise;
}

std::string Section::takeText(std::string_view key) {
    const Key* const found = need(key);
    return found ? found->value : std::string();
}

uint64_t Section::takeNumber(std::string_view key, uint64_t least, uint64_t most) {
    const Key* const found = need(key);
    if (!found)
        return least;
    const auto number = parseNumber(found->value);
    if (number && *number >= least && *number <= most)
        return *number;
    fail(found->line, std::string(key) + " = " + found->value + " is no number from " +
                          std::to_string(least) + " to " + std::to_string(most));
    return least;
}

uint64_t Section::takeNumber(std::string_view key, uint64_t least, uint64_t most,
                             uint64_t otherwise) {
    if (has(key))
        return takeNumber(key, least, most);
    take(key);
    return otherwise;
}

uint64_t Section::takeBytes(std::string_view key) {
    const Key* const found = need(key);
    if (!found)
        return 0;
    const auto bytes = parseBytes(found->value);
    if (!bytes)
        fail(found->line, std::string(key) + " = " + found->value + " is no size from 0 to 1024G",
             "write it like 1536K or 1.5M");
    return bytes.value_or(0);
}

uint64_t Section::takeBytes(std::string_view key, uint64_t otherwise) {
    if (has(key))
        return takeBytes(key);
    take(key);
    return otherwise;
}

bool Section::takeYes(std::string_view key, bool otherwise) {
    return takeWord(key, {"no", "yes"}, otherwise ? 1 : 0) == 1;
}

Extent Section::takeExtent(std::string_view key) {
    const Key* const found = need(key);
    if (!found)
        return {};
    const std::string_view text = found->value;
    const size_t cross = text.find('x');
    if (cross != std::string_view::npos) {
        const auto width = parseNumber(trimmed(text.substr(0, cross)));
        const auto height = parseNumber(trimmed(text.substr(cross + 1)));
        if (width && height && *width > 0 && *height > 0 && *width <= largestSide &&
            *height <= largestSide)
            return {*width, *height};
    }
    fail(found->line, std::string(key) + " = " + found->value +
                          " is no width and height from 1x1 to 65536x65536");
    return {};
}

size_t Section::takeWord(std::string_view key, const std::vector<std::string>& words,
                         size_t otherwise) {
    const Key* const found = take(key);
    if (!found)
        return otherwise;
    const auto word = std::find(words.begin(), words.end(), found->value);
    if (word != words.end())
        return static_cast<size_t>(word - words.begin());
    std::string list;
    for (const std::string& known : words)
        list += (list.empty() ? "" : ", ") + known;
    fail(found->line, std::string(key) + " = " + found->value + " is none of " + list);
    return otherwise;
}

std::vector<std::string> Section::takeList(std::string_view key) {
    std::vector<std::string> words;
    const Key* const found = need(key);
    if (!found)
        return words;
    std::string_view rest = found->value;
    while (true) {
        const size_t comma = rest.find(',');
        const std::string_view word = trimmed(rest.substr(0, comma));
        if (word.empty()) {
            fail(found->line, std::string(key) + " = " + found->value + " has an empty word",
                 "separate the names by single commas");
            return words;
        }
        words.emplace_back(word);
        if (comma == std::string_view::npos)
            return words;
        rest.remove_prefix(comma + 1);
    }
}

unsigned Section::lineOf(std::string_view key) const {
    for (const Key& known : keys_) {
        if (known.key == key)
            return known.line;
    }
    return line_;
}

void Section::leave(const std::vector<std::string>& keys) {
    for (const std::string& key : keys)
        take(key);
}

void Section::fail(unsigned line, const std::string& cause, const std::string& remedy) {
    if (error_.code == 0)
        error_ = makeError(EINVAL, at(file_, line), cause, remedy);
}

Result<void> Section::finish() const {
    for (const Key& key : keys_) {
        if (key.taken)
            continue;
        std::string list;
        for (const std::string& known : known_)
            list += (list.empty() ? "" : ", ") + known;
        return makeError(EINVAL, at(file_, key.line),
                         "[" + kind_ + "] takes no key " + quoted(key.key) + " here",
                         "it takes " + list);
    }
    if (missing_.code != 0)
        return missing_;
    if (error_.code != 0)
        return error_;
    return {};
}

} // namespace mediaheap::plan
