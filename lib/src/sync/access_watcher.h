// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <mediaheap/access.h>
#include <mediaheap/result.h>

#include "sync/byte_range.h"

namespace mediaheap {

/// Is told of every CPU access to one block, nested ones too.
///
/// Thread safety: AccessCounter calls from any thread, one call at a time.
class AccessWatcher {
public:
    virtual ~AccessWatcher() = default;

    /// An access opens; the memory is ready for it. An error keeps it from opening.
    virtual Result<void> opens(Access access, ByteRange range) = 0;

    /// One access closes, @p last when no other is open; the memory is not synced for the hardware
    /// yet. An error is passed on, and closes it all the same.
    virtual Result<void> closes(bool last) = 0;
};

} // namespace mediaheap
