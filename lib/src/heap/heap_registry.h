// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <mediaheap/heap.h>
#include <mediaheap/result.h>

#include "heap/heap_string.h"

namespace mediaheap {

/// The heaps open in this process, one per facility. Holds none of them open.
///
/// Thread safety: all members from any thread; one open at a time, so that two threads that ask for
/// the same heap get one.
class HeapRegistry {
public:
    static HeapRegistry& instance() noexcept;

    /// The heap of @p wanted's facility where it is open and nothing in @p wanted contradicts it,
    /// else what @p make returns.
    ///
    /// Errors: EBUSY with the form it was first opened with; those of @p make.
    template <typename Make>
    Result<std::shared_ptr<Heap>> open(const HeapString& wanted, Make make) {
        const std::lock_guard lock(mutex_);
        Result<std::shared_ptr<Heap>> open = find(wanted);
        if (!open || open.value())
            return open;
        Result<std::shared_ptr<Heap>> made = make();
        if (made)
            heaps_[wanted.facility()] = made.value();
        return made;
    }

private:
    /// Null where it is not open.
    Result<std::shared_ptr<Heap>> find(const HeapString& wanted);

    std::mutex mutex_;
    std::map<std::string, std::weak_ptr<Heap>> heaps_;
};

} // namespace mediaheap
