// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/heap_string.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <vector>

#include "base/checked.h"
#include "base/error.h"
#include "kernel/files.h"
#include "sources/catalog.h"

namespace mediaheap {

namespace {

constexpr const char* grammar = "write <source>[:<name>][,key=value...], for example "
                                "dma-heap:system,size=64M,zone=camera";
constexpr const char* keys =
    "the keys are size, zone, base, cached, contiguous, require, cache, prefault, wait, sanitize, "
    "stray, offer, for simulated line and evict, and last mmz";
constexpr size_t longestZone = 31; // HiSilicon's mmz_name[32] with its NUL
constexpr uint64_t longestWait = 3600 * 1000;
constexpr uint64_t shortestLine = 16;
constexpr uint64_t longestLine = 256;

Error malformed(std::string cause, std::string remedy) {
    return makeError(EINVAL, "read the heap string", std::move(cause), std::move(remedy));
}

std::optional<uint64_t> parseDigits(std::string_view text) {
    uint64_t base = 10;
    if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text.remove_prefix(2);
    }
    if (text.empty())
        return std::nullopt;
    uint64_t value = 0;
    for (const char c : text) {
        uint64_t digit = 16;
        if (c >= '0' && c <= '9')
            digit = static_cast<uint64_t>(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = static_cast<uint64_t>(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = static_cast<uint64_t>(c - 'A') + 10;
        if (digit >= base)
            return std::nullopt;
        const auto shifted = checkedMultiply(value, base);
        const auto sum = shifted ? checkedAdd(*shifted, digit) : std::nullopt;
        if (!sum)
            return std::nullopt;
        value = *sum;
    }
    return value;
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
        return malformed(std::string(key) + "=" + std::string(text) + " is not a size",
                         "give bytes, or a number with K, M or G, for example " + std::string(key) +
                             "=64M");
    return *bytes;
}

Result<uint64_t> parseNumber(std::string_view key, std::string_view text, uint64_t most,
                             const char* what) {
    const auto number = parseDigits(text);
    if (number && *number <= most)
        return *number;
    return malformed(std::string(key) + "=" + std::string(text) + " is not a number up to " +
                         std::to_string(most),
                     "give " + std::string(what) + ", for example " + std::string(key) + "=64");
}

Result<bool> parseFlag(std::string_view key, std::string_view text) {
    if (text == "0" || text == "1")
        return text == "1";
    return malformed(std::string(key) + "=" + std::string(text) + " is neither 0 nor 1",
                     "write " + std::string(key) + "=0 or " + std::string(key) + "=1");
}

Result<StrayPolicy> parseStrayPolicy(std::string_view text) {
    if (text == "abort")
        return StrayPolicy::Abort;
    if (text == "report")
        return StrayPolicy::Report;
    return malformed("stray=" + std::string(text) + " is neither abort nor report",
                     "write stray=abort or stray=report");
}

bool isPlainName(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return c > ' ' && c != 0x7f && c != '"' && c != '\'' && c != '=' && c != '/';
    });
}

bool takesName(std::string_view source) {
    return source == "dma-heap" || source == "mpp" || source == "mmz";
}

/// Of an mpp heap the name may be a node with the directory under /dev that it is in.
bool isUsableName(std::string_view source, std::string_view name) {
    const size_t slash = source == "mpp" ? name.find('/') : std::string_view::npos;
    if (slash != std::string_view::npos)
        return isUsableName({}, name.substr(0, slash)) && isUsableName({}, name.substr(slash + 1));
    return isPlainName(name) && name != "." && name != "..";
}

Result<void> setKey(HeapString& heap, std::string_view key, std::string_view value) {
    const auto store = [](auto& member, auto parsed) -> Result<void> {
        if (!parsed)
            return std::move(parsed).error();
        member = std::move(parsed).value();
        return {};
    };

    if (key == "size") {
        if (auto stored = store(heap.size, parseSize(key, value)); !stored)
            return stored;
        if (*heap.size == 0)
            return malformed("size=0: a heap without memory", "give at least one page, or leave "
                                                              "size out for the default");
        return {};
    }
    if (key == "zone") {
        if (!isPlainName(value) || value.size() > longestZone)
            return malformed("zone=" + std::string(value) + " is not a zone name",
                             "use 1 to 31 characters without blanks, quotes, '=' and '/'");
        heap.zone = std::string(value);
        return {};
    }
    if (key == "base")
        return store(heap.base, parseSize(key, value));
    if (key == "cached")
        return store(heap.cached, parseFlag(key, value));
    if (key == "contiguous")
        return store(heap.contiguous, parseFlag(key, value));
    if (key == "cache")
        return store(heap.cache, parseSize(key, value));
    if (key == "prefault")
        return store(heap.prefault, parseFlag(key, value));
    if (key == "wait")
        return store(heap.wait, parseNumber(key, value, longestWait, "milliseconds"));
    if (key == "line") {
        if (auto stored = store(heap.line, parseNumber(key, value, longestLine, "bytes")); !stored)
            return stored;
        if (!isPowerOfTwo(*heap.line) || *heap.line < shortestLine)
            return malformed("line=" + std::string(value) + " is no cache line's length",
                             "give a power of two from " + std::to_string(shortestLine) + " to " +
                                 std::to_string(longestLine) + "; 64 is usual");
        return {};
    }
    if (key == "evict")
        return store(heap.evict, parseNumber(key, value, UINT32_MAX, "a seed"));
    if (key == "require") {
        if (value != "dmabuf")
            return malformed("require=" + std::string(value) + " is not a requirement",
                             "write require=dmabuf");
        heap.requireDmabuf = true;
        return {};
    }
    if (key == "sanitize")
        return store(heap.sanitize, parseFlag(key, value));
    if (key == "stray")
        return store(heap.stray, parseStrayPolicy(value));
    if (key == "offer")
        return store(heap.offer, parseFlag(key, value));
    return malformed("unknown key '" + std::string(key) + "'", keys);
}

Result<void> setZones(HeapString& heap, std::string_view value) {
    if (heap.size || heap.zone || heap.base)
        return malformed("mmz= beside size=, zone= or base=",
                         "leave those out: mmz= says the same of every zone");
    if (!value.empty() && value[0] == '@') {
        heap.mmzFile = std::string(value.substr(1));
        if (heap.mmzFile.empty() || heap.mmzFile.find('\0') != std::string::npos)
            return malformed("mmz=@ without the path of a file",
                             "write for example mmz=@/etc/mediaheap/board.mmz");
        return {};
    }
    Result<MmzLayout> layout = MmzLayout::parse(value);
    if (!layout)
        return std::move(layout).error();
    heap.mmz = std::move(layout).value();
    return {};
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

} // namespace

Result<HeapString> HeapString::parse(std::string_view text) {
    HeapString heap;
    std::vector<std::string> seen;
    bool first = true;
    for (size_t at = 0; first || at <= text.size();) {
        const size_t comma = std::min(text.find(',', at), text.size());
        const std::string_view part = text.substr(at, comma - at);
        at = comma + 1;

        if (first) {
            first = false;
            const size_t colon = std::min(part.find(':'), part.size());
            heap.source = std::string(part.substr(0, colon));
            if (heap.source.empty())
                return malformed("no source", grammar);
            if (heap.source.find('=') != std::string::npos)
                return malformed("it begins with '" + std::string(part) + "', not with a source",
                                 grammar);
            if (heap.source != "auto" && !isKnownSource(heap.source))
                return malformed("unknown source '" + heap.source + "'",
                                 std::string("the sources are ") + knownSources());
            if (colon < part.size())
                heap.name = std::string(part.substr(colon + 1));
            if (colon < part.size() && !isUsableName(heap.source, heap.name))
                return malformed("no usable name after '" + heap.source + ":'", grammar);
            if (heap.source == "dma-heap" && heap.name.empty())
                return malformed("dma-heap needs the name of a heap under /dev/dma_heap",
                                 "write for example dma-heap:system; `mediaheap list` shows them");
            if (!takesName(heap.source) && !heap.name.empty())
                return malformed("source " + heap.source + " takes no name",
                                 "write " + heap.source);
            continue;
        }

        const size_t equals = part.find('=');
        if (equals == std::string_view::npos) {
            if (!heap.name.empty() && seen.empty() && isPlainName(part)) {
                heap.name += "," + std::string(part);
                continue;
            }
            return malformed("'" + std::string(part) + "' is not key=value", grammar);
        }
        const std::string key(part.substr(0, equals));
        if (key == "mmz") {
            if (Result<void> set = setZones(heap, text.substr(at - part.size() - 1 + equals + 1));
                !set)
                return std::move(set).error();
            return heap;
        }
        if (std::find(seen.begin(), seen.end(), key) != seen.end())
            return malformed("key '" + key + "' is given twice", "give it once");
        seen.push_back(key);
        if (Result<void> set = setKey(heap, key, part.substr(equals + 1)); !set)
            return std::move(set).error();
    }
    return heap;
}

Result<void> HeapString::loadZones(Kernel& kernel) {
    if (mmzFile.empty())
        return {};
    constexpr size_t largestFile = 64 << 10;
    const Result<std::string> text = readSmallFile(kernel, mmzFile, largestFile);
    if (!text) {
        Error error = text.error();
        error.remedy = "give the path of a file with zones after mmz=@";
        return error;
    }
    if (text.value().size() == largestFile)
        return makeError(EFBIG, "read " + mmzFile,
                         std::to_string(largestFile) + " bytes and more are no list of zones");
    Result<MmzLayout> layout = MmzLayout::parseLines(text.value());
    if (!layout) {
        Error error = std::move(layout).error();
        error.step = "read " + mmzFile;
        return error;
    }
    mmz = std::move(layout).value();
    return {};
}

std::string HeapString::facility() const {
    const std::string first = mmz ? mmz->zones.front().name : zone.value_or(defaultZone);
    return source + (name.empty() ? "" : ":" + name) + ",zone=" + first;
}

std::string HeapString::canonical() const {
    std::string text = source;
    if (!name.empty())
        text += ":" + name;
    if (size)
        text += ",size=" + formatSize(*size);
    if (zone && *zone != defaultZone)
        text += ",zone=" + *zone;
    if (base)
        text += ",base=" + formatAddress(*base);
    if (cached)
        text += std::string(",cached=") + (*cached ? "1" : "0");
    if (contiguous)
        text += std::string(",contiguous=") + (*contiguous ? "1" : "0");
    if (requireDmabuf)
        text += ",require=dmabuf";
    if (cache)
        text += ",cache=" + formatSize(*cache);
    if (prefault)
        text += std::string(",prefault=") + (*prefault ? "1" : "0");
    if (wait)
        text += ",wait=" + std::to_string(*wait);
    if (line)
        text += ",line=" + std::to_string(*line);
    if (evict)
        text += ",evict=" + std::to_string(*evict);
    if (sanitize)
        text += std::string(",sanitize=") + (*sanitize ? "1" : "0");
    if (stray)
        text += std::string(",stray=") + (*stray == StrayPolicy::Abort ? "abort" : "report");
    if (offer)
        text += std::string(",offer=") + (*offer ? "1" : "0");
    if (!mmzFile.empty())
        text += ",mmz=@" + mmzFile;
    else if (mmz)
        text += ",mmz=" + mmz->text();
    return text;
}

std::optional<std::string> HeapString::contradiction(const HeapString& open) const {
    if (size && size != open.size)
        return "size";
    if (base && base != open.base)
        return "base";
    if (cache && cache != open.cache)
        return "cache";
    if (prefault && prefault != open.prefault)
        return "prefault";
    if (wait && wait != open.wait)
        return "wait";
    if (line && line != open.line)
        return "line";
    if (evict && evict != open.evict)
        return "evict";
    if (sanitize && sanitize != open.sanitize)
        return "sanitize";
    if (stray && stray != open.stray)
        return "stray";
    if (offer && offer != open.offer)
        return "offer";
    if (mmz && mmz != open.mmz)
        return "mmz";
    return std::nullopt;
}

void HeapString::fillFrom(const HeapString& defaults) {
    const auto fill = [](auto& mine, const auto& theirs) {
        if (!mine)
            mine = theirs;
    };
    // mmz= says what these three say.
    const bool hasZones = mmz || !mmzFile.empty();
    const bool hasZone = size || zone || base;
    if (!hasZones && !hasZone) {
        mmz = defaults.mmz;
        mmzFile = defaults.mmzFile;
    }
    if (!hasZones) {
        fill(size, defaults.size);
        fill(zone, defaults.zone);
        fill(base, defaults.base);
    }
    fill(cached, defaults.cached);
    fill(contiguous, defaults.contiguous);
    fill(cache, defaults.cache);
    fill(prefault, defaults.prefault);
    fill(wait, defaults.wait);
    fill(line, defaults.line);
    fill(evict, defaults.evict);
    fill(sanitize, defaults.sanitize);
    fill(stray, defaults.stray);
    fill(offer, defaults.offer);
    requireDmabuf = requireDmabuf || defaults.requireDmabuf;
}

} // namespace mediaheap
