// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <mediaheap/export.h>

namespace mediaheap {

/// Owner of one file descriptor, closed exactly once. Move-only. 0 is a valid descriptor.
///
/// Thread safety: none; an object belongs to one thread at a time.
/// Since: 0.1
class MEDIAHEAP_API UniqueFd {
public:
    UniqueFd() noexcept = default;
    /// Takes ownership of @p fd; any negative value means "none".
    explicit UniqueFd(int fd) noexcept : fd_(fd < 0 ? -1 : fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept;
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd();

    bool isValid() const noexcept { return fd_ >= 0; }
    /// The descriptor, still owned here, or -1.
    int get() const noexcept { return fd_; }
    /// Hands the descriptor to the caller, who closes it; -1 when there is none.
    [[nodiscard]] int release() noexcept;
    /// Closes now. errno is preserved.
    void reset() noexcept;

private:
    int fd_ = -1;
};

} // namespace mediaheap
