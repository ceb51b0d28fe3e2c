// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/heap_string.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/error.h"
#include "heap/heap_key.h"
#include "heap/key_value.h"
#include "kernel/files.h"
#include "sources/source_names.h"

namespace mediaheap {

namespace {

constexpr const char* grammar = "write <source>[:<name>][,key=value...], for example "
                                "dma-heap:system,size=64M,zone=camera";

Error malformed(std::string cause, std::string remedy) {
    return malformedHeapString(std::move(cause), std::move(remedy));
}

/// Of an mpp heap the name may be a node with the directory under /dev that it is in.
bool isUsableName(std::string_view source, std::string_view name) {
    const size_t slash = source == "mpp" ? name.find('/') : std::string_view::npos;
    if (slash != std::string_view::npos)
        return isUsableName({}, name.substr(0, slash)) && isUsableName({}, name.substr(slash + 1));
    return isPlainName(name) && name != "." && name != "..";
}

} // namespace

Result<HeapString> HeapString::parse(std::string_view text) {
    Result<HeapString> heap = parseChoice(text);
    if (heap && needsName(heap->source) && heap->name.empty())
        return malformed(heap->source + " needs the name of a heap under /dev/dma_heap",
                         "write for example dma-heap:system; `mediaheap list` shows them");
    return heap;
}

Result<HeapString> HeapString::parseChoice(std::string_view text) {
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
                                 "the sources are " + knownSources());
            if (colon < part.size())
                heap.name = std::string(part.substr(colon + 1));
            if (colon < part.size() && !isUsableName(heap.source, heap.name))
                return malformed("no usable name after '" + heap.source + ":'", grammar);
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
            const std::string_view zones = text.substr(at - part.size() - 1 + equals + 1);
            if (Result<void> set = setHeapKey(heap, key, zones); !set)
                return std::move(set).error();
            return heap;
        }
        if (std::find(seen.begin(), seen.end(), key) != seen.end())
            return malformed("key '" + key + "' is given twice", "give it once");
        seen.push_back(key);
        if (Result<void> set = setHeapKey(heap, key, part.substr(equals + 1)); !set)
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
