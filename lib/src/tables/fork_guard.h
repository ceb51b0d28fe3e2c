// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace mediaheap {

/// Something of this process that a forked child must not go on with.
class ForkGuarded {
public:
    /// In the child, right after fork(): with one thread, and locks of others perhaps held for
    /// ever. Stores to memory of one's own and close(2), no more.
    virtual void abandon() noexcept = 0;

protected:
    ForkGuarded();
    ~ForkGuarded();
    ForkGuarded(const ForkGuarded&) = delete;
    ForkGuarded& operator=(const ForkGuarded&) = delete;
};

} // namespace mediaheap
