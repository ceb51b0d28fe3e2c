// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/default_heap.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include "base/error.h"

namespace mediaheap {

Error blameDefaultHeap(Error error) {
    const char* const value = std::getenv(defaultHeapVariable);
    error.step = std::string(defaultHeapVariable) + "=" + (value ? value : "") + ": " + error.step;
    return error;
}

Result<std::optional<HeapString>> defaultHeap() {
    const char* const value = std::getenv(defaultHeapVariable);
    if (!value || !*value)
        return std::optional<HeapString>();
    Result<HeapString> parsed = HeapString::parse(value);
    if (!parsed)
        return blameDefaultHeap(std::move(parsed).error());
    if (parsed->source == "auto")
        return blameDefaultHeap(
            makeError(EINVAL, "read the heap string", "it is 'auto' again", "name a source"));
    return std::optional<HeapString>(std::move(parsed).value());
}

} // namespace mediaheap
