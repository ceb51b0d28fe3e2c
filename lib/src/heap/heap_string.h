// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <mediaheap/result.h>

#include "heap/mmz_layout.h"
#include "sync/stray_policy.h"

namespace mediaheap {

class Kernel;

/// A heap string taken apart: `<source>[:<name>][,key=value...]`. Members without a value were not
/// given. Knows the grammar only; what a source can honour is the source's to say.
///
/// A comma-separated part without `=` belongs to the source's name, since device trees name CMA
/// heaps `linux,cma`. `mmz=` takes all that follows it.
struct HeapString {
    std::string source;
    std::string name;
    std::optional<uint64_t> size;
    std::optional<std::string> zone;
    std::optional<uint64_t> base;
    std::optional<bool> cached;
    std::optional<bool> contiguous;
    bool requireDmabuf = false;
    std::optional<uint64_t> cache;
    std::optional<bool> prefault;
    std::optional<uint64_t> wait; ///< milliseconds
    std::optional<uint64_t> line;
    std::optional<uint64_t> evict;
    std::optional<bool> sanitize;
    std::optional<StrayPolicy> stray;
    std::optional<bool> offer;
    std::optional<MmzLayout> mmz;
    std::string mmzFile; ///< where mmz is to be read from, or was: `mmz=@<path>`

    static constexpr const char* defaultZone = "anonymous";

    /// Errors: EINVAL with the offending part and what would be right.
    static Result<HeapString> parse(std::string_view text);

    /// The same of a string that means every heap whose string agrees with it: a source that needs
    /// a name may do without, and then means all of that source.
    static Result<HeapString> parseChoice(std::string_view text);

    /// Reads the file that describes the zones, where there is one.
    ///
    /// Errors: those of MmzLayout::parseLines() and of the file.
    Result<void> loadZones(Kernel& kernel);

    /// `source:name` and the zone: what can be open once in a process.
    std::string facility() const;

    /// The one form of all strings that mean the same: keys in the order of the members, sizes in
    /// the largest suffix that fits, the default zone left out. Zones from a file stay there.
    std::string canonical() const;

    /// The first key given here that says something else than @p open, or nothing. A key that was
    /// not given agrees with everything; those that ask for a property of the source (cached,
    /// contiguous, require) are the source's to judge.
    std::optional<std::string> contradiction(const HeapString& open) const;

    /// The keys of @p defaults that were not given here.
    void fillFrom(const HeapString& defaults);
};

} // namespace mediaheap
