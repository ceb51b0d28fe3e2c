// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <stdexcept>
#include <utility>

#include <mediaheap/result.h>

namespace mediaheap::test {

/// What a result holds; fails the test with the error's message where it holds none. (GoogleTest
/// takes an exception for a failure of the one test.)
template <typename T> T must(Result<T> result) {
    if (!result)
        throw std::runtime_error(result.error().message());
    return std::move(result).value();
}

inline void must(Result<void> result) {
    if (!result)
        throw std::runtime_error(result.error().message());
}

} // namespace mediaheap::test
