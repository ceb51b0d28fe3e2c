// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/heap_key.h"

#include <cstdint>
#include <utility>

#include "base/checked.h"
#include "heap/heap_string.h"
#include "heap/key_value.h"

namespace mediaheap {

namespace {

constexpr size_t longestZone = 31; // HiSilicon's mmz_name[32] with its NUL
constexpr uint64_t longestWait = 3600 * 1000;
constexpr uint64_t shortestLine = 16;
constexpr uint64_t longestLine = 256;

template <typename Member, typename Value>
Result<void> store(Member& member, Result<Value> parsed) {
    if (!parsed)
        return std::move(parsed).error();
    member = std::move(parsed).value();
    return {};
}

template <auto member>
Result<void> setFlag(HeapString& heap, std::string_view key, std::string_view value) {
    return store(heap.*member, parseFlag(key, value));
}

template <auto member>
Result<void> setBytes(HeapString& heap, std::string_view key, std::string_view value) {
    return store(heap.*member, parseSize(key, value));
}

Result<void> setSize(HeapString& heap, std::string_view key, std::string_view value) {
    Result<void> stored = store(heap.size, parseSize(key, value));
    if (stored && *heap.size == 0)
        return malformedHeapString("size=0: a heap without memory",
                                   "give at least one page, or leave size out for the default");
    return stored;
}

Result<void> setZone(HeapString& heap, std::string_view, std::string_view value) {
    if (!isPlainName(value) || value.size() > longestZone)
        return malformedHeapString("zone=" + std::string(value) + " is not a zone name",
                                   "use 1 to 31 characters without blanks, quotes, '=' and '/'");
    heap.zone = std::string(value);
    return {};
}

Result<void> setRequire(HeapString& heap, std::string_view, std::string_view value) {
    if (value != "dmabuf")
        return malformedHeapString("require=" + std::string(value) + " is not a requirement",
                                   "write require=dmabuf");
    heap.requireDmabuf = true;
    return {};
}

Result<void> setWait(HeapString& heap, std::string_view key, std::string_view value) {
    return store(heap.wait, parseNumber(key, value, longestWait, "milliseconds"));
}

Result<void> setLine(HeapString& heap, std::string_view key, std::string_view value) {
    Result<void> stored = store(heap.line, parseNumber(key, value, longestLine, "bytes"));
    if (stored && (!isPowerOfTwo(*heap.line) || *heap.line < shortestLine))
        return malformedHeapString("line=" + std::string(value) + " is no cache line's length",
                                   "give a power of two from " + std::to_string(shortestLine) +
                                       " to " + std::to_string(longestLine) + "; 64 is usual");
    return stored;
}

Result<void> setEvict(HeapString& heap, std::string_view key, std::string_view value) {
    return store(heap.evict, parseNumber(key, value, UINT32_MAX, "a seed"));
}

Result<void> setStray(HeapString& heap, std::string_view, std::string_view value) {
    if (value != "abort" && value != "report")
        return malformedHeapString("stray=" + std::string(value) + " is neither abort nor report",
                                   "write stray=abort or stray=report");
    heap.stray = value == "abort" ? StrayPolicy::Abort : StrayPolicy::Report;
    return {};
}

Result<void> setZones(HeapString& heap, std::string_view, std::string_view value) {
    if (heap.size || heap.zone || heap.base)
        return malformedHeapString("mmz= beside size=, zone= or base=",
                                   "leave those out: mmz= says the same of every zone");
    if (!value.empty() && value[0] == '@') {
        heap.mmzFile = std::string(value.substr(1));
        if (heap.mmzFile.empty() || heap.mmzFile.find('\0') != std::string::npos)
            return malformedHeapString("mmz=@ without the path of a file",
                                       "write for example mmz=@/etc/mediaheap/board.mmz");
        return {};
    }
    Result<MmzLayout> layout = MmzLayout::parse(value);
    if (!layout)
        return std::move(layout).error();
    heap.mmz = std::move(layout).value();
    return {};
}

struct HeapKey {
    const char* name;
    Result<void> (*set)(HeapString& heap, std::string_view key, std::string_view value);
};

constexpr HeapKey keys[] = {
    {"size", setSize},
    {"zone", setZone},
    {"base", setBytes<&HeapString::base>},
    {"cached", setFlag<&HeapString::cached>},
    {"contiguous", setFlag<&HeapString::contiguous>},
    {"require", setRequire},
    {"cache", setBytes<&HeapString::cache>},
    {"prefault", setFlag<&HeapString::prefault>},
    {"wait", setWait},
    {"sanitize", setFlag<&HeapString::sanitize>},
    {"stray", setStray},
    {"offer", setFlag<&HeapString::offer>},
    {"line", setLine},
    {"evict", setEvict},
    {"mmz", setZones},
};

/// For error messages: the keys that another source than simulated may have, and the others.
std::string knownKeys() {
    std::string text = "the keys are ";
    for (const HeapKey& key : keys) {
        const std::string name = key.name;
        if (name == "mmz")
            text += "and last mmz";
        else
            text += name + (name == "line" || name == "evict" ? " (of simulated), " : ", ");
    }
    return text;
}

} // namespace

Result<void> setHeapKey(HeapString& heap, std::string_view key, std::string_view value) {
    for (const HeapKey& one : keys) {
        if (one.name == key)
            return one.set(heap, key, value);
    }
    return malformedHeapString("unknown key '" + std::string(key) + "'", knownKeys());
}

std::vector<std::string> heapKeys() {
    std::vector<std::string> names;
    for (const HeapKey& key : keys)
        names.emplace_back(key.name);
    return names;
}

} // namespace mediaheap
