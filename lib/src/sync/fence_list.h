// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include <mediaheap/access.h>
#include <mediaheap/result.h>
#include <mediaheap/unique_fd.h>

namespace mediaheap {

class Kernel;

/// The fences of one piece of memory that no kernel keeps for it: what its devices have not done
/// yet. A fence is a descriptor that becomes readable (POLLIN) for good when the work is done: a
/// sync_file (Linux, Documentation/driver-api/sync_file.rst), or an eventfd that nobody reads.
///
/// Descriptors are few however many fences come: what is done is closed at the next opportunity,
/// and sync_files are merged into one for each kind of access.
///
/// Thread safety: all members from any thread. While one waits others add, look and wait.
class FenceList {
public:
    /// Fences that cannot be merged, at most; a piece of memory on which more devices work than
    /// this at once has not been seen.
    static constexpr size_t limit = 32;

    /// @p kernel must outlive this.
    explicit FenceList(Kernel& kernel) : kernel_(kernel) {}

    /// Keeps @p fence until it is done. @p access is what the device does with the memory until
    /// then. The descriptor is closed in any case, sooner or later.
    ///
    /// Errors: EBADF no descriptor; EINVAL a file that is always readable, so no fence; EBUSY the
    /// limit has been reached and nothing is done; what poll(2) answers. After an error the list is
    /// what it was.
    Result<void> add(UniqueFd fence, Access access);

    /// Waits until an access of the CPU overtakes no device: a read waits for the devices that
    /// write, a write for all. True once that is so, false when @p longest has passed; 0 only
    /// looks.
    ///
    /// Errors: what poll(2) answers.
    Result<bool> waitUntilIdle(Access access, std::chrono::milliseconds longest);

    /// Closes what is done.
    void prune();

    /// How many descriptors are kept.
    size_t size() const;

private:
    struct Fence {
        UniqueFd fd;
        bool writes = false; ///< the device does
    };
    // Shared with those who wait for it, so that nobody closes a descriptor under a poll().
    using Fences = std::vector<std::shared_ptr<const Fence>>;

    std::shared_ptr<const Fence> firstInTheWayOf(Access access) const;
    void remove(const std::shared_ptr<const Fence>& fence);
    bool merge(const Fence& fence);

    Kernel& kernel_;
    mutable std::mutex mutex_;
    Fences fences_; // oldest first
};

} // namespace mediaheap
