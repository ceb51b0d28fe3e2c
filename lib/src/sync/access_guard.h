// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <mediaheap/access.h>
#include <mediaheap/result.h>

#include "sync/access_record.h"
#include "sync/guarded_range.h"
#include "sync/stray_policy.h"

namespace mediaheap {

class Kernel;

/// Keeps the CPU out of a mapping while no access is open on it, and from writing while none is
/// open for that, by the protection of its pages. Always of the whole mapping: where mprotect(2)
/// splits one for a part of it, the kernel counts each piece as a reference to the memory and never
/// joins them again.
///
/// Thread safety: one call at a time; the handler of stray accesses may strike at any.
class AccessGuard {
public:
    /// How a heap's mappings are guarded.
    struct Settings {
        StrayPolicy policy = StrayPolicy::Abort;
        std::atomic<unsigned>* strays = nullptr; ///< counts what was let through; must outlive it
    };

    /// Closes the mapping of @p size bytes at @p address and has its stray accesses reported.
    /// @p writable: the mapping may be written to. It must be there as long as this is.
    ///
    /// Errors: what mprotect(2) answers.
    static Result<std::unique_ptr<AccessGuard>> make(Kernel& kernel, void* address, size_t size,
                                                     bool writable, const Settings& settings);
    ~AccessGuard();
    AccessGuard(const AccessGuard&) = delete;
    AccessGuard& operator=(const AccessGuard&) = delete;

    /// A block has the memory from now on.
    void lend(const std::string& block, const std::string& heap);
    /// None has.
    void takeBack();

    /// Opens the mapping for @p all accesses together, of which @p oldest was opened first.
    ///
    /// Errors: what mprotect(2) answers; nothing has changed then.
    Result<void> accessOpens(Access all, const AccessRecord& oldest);

    /// @p ended is over. What is left, if anything, is @p all, and @p oldest was opened first.
    ///
    /// Errors: what mprotect(2) answers; the mapping is then as open as it was.
    Result<void> accessCloses(std::optional<Access> all, const AccessRecord& ended,
                              const AccessRecord& oldest);

private:
    explicit AccessGuard(Kernel& kernel) : kernel_(kernel), range_(GuardedRange::claim()) {}
    Result<void> protect(std::optional<Access> all);

    Kernel& kernel_;
    GuardedRange& range_;
};

} // namespace mediaheap
