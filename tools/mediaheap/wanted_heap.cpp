// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wanted_heap.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <mediaheap/heap.h>

#include "heap/default_heap.h"
#include "tables/table_format.h"

namespace mediaheap::tool {

namespace {

std::vector<std::string> parts(const std::string& text) {
    std::vector<std::string> found;
    for (size_t at = 0; at <= text.size();) {
        const size_t comma = std::min(text.find(',', at), text.size());
        found.push_back(text.substr(at, comma - at));
        at = comma + 1;
    }
    return found;
}

/// What `auto` would open, were it asked for memory with these properties.
Result<HeapString> autoSource(const HeapString& wanted) {
    Result<std::optional<HeapString>> named = defaultHeap();
    if (!named)
        return std::move(named).error();
    if (named.value())
        return std::move(*named.value());

    // One page tells as much as a whole zone, and takes nothing from those who are to give.
    HeapString page;
    page.source = "auto";
    page.size = 1;
    page.cached = wanted.cached;
    page.contiguous = wanted.contiguous;
    page.requireDmabuf = wanted.requireDmabuf;
    const Result<std::shared_ptr<Heap>> opened = Heap::open(page.canonical());
    if (!opened)
        return opened.error();
    return HeapString::parse(opened.value()->description());
}

} // namespace

Result<WantedHeap> WantedHeap::parse(const std::string& text) {
    Result<HeapString> string = HeapString::parseChoice(text);
    if (!string)
        return std::move(string).error();
    WantedHeap wanted;
    wanted.string_ = std::move(string).value();
    return wanted;
}

Result<void> WantedHeap::resolveAuto() {
    Result<HeapString> source = autoSource(string_);
    if (!source)
        return std::move(source).error();
    string_.source = source->source;
    string_.name = source->name;
    return {};
}

bool WantedHeap::means(const TableContent& heap) const {
    // Tables have these two as flags, and not in the string.
    if ((string_.requireDmabuf && (heap.flags & table::dmabuf) == 0) ||
        (string_.contiguous.value_or(false) && (heap.flags & table::contiguous) == 0))
        return false;
    HeapString rest = string_;
    rest.requireDmabuf = false;
    rest.contiguous.reset();

    // By its text, for a table has only the beginning of a long one.
    const std::vector<std::string> has = parts(heap.heap);
    const std::vector<std::string> asked = parts(rest.canonical());
    if (has.front() != asked.front() &&
        has.front().substr(0, has.front().find(':')) != asked.front())
        return false;
    return std::all_of(asked.begin() + 1, asked.end(), [&](const std::string& part) {
        return std::find(has.begin() + 1, has.end(), part) != has.end();
    });
}

} // namespace mediaheap::tool
