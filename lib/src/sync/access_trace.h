// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "sync/access_record.h"
#include "sync/access_watcher.h"

namespace mediaheap {

class AccessGuard;

/// Remembers who opened the accesses that are open on a block, and lets its guard know.
///
/// Thread safety: as AccessWatcher; open() from any thread.
class AccessTrace final : public AccessWatcher {
public:
    /// @p guard must outlive this; null where the mapping is not guarded.
    explicit AccessTrace(AccessGuard* guard) : guard_(guard) {}

    Result<void> opens(Access access, ByteRange range) override;
    Result<void> closes(bool last) override;

    /// The open accesses, the oldest first. Whoever ends an access does not say which: it is taken
    /// for the last that the same thread has opened, or else the last of all.
    std::vector<AccessRecord> open() const;

private:
    std::optional<AccessRecord> takeEnded();

    AccessGuard* const guard_;
    mutable std::mutex mutex_;
    std::vector<AccessRecord> open_;
    // The union since the first of the open ones began: which of them has ended is but a guess.
    std::optional<Access> joined_;
};

} // namespace mediaheap
