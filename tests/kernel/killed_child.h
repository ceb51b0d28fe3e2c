// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>

namespace mediaheap::test {

/// Runs @p work in a process of its own and kills that as soon as the work is done, so that nothing
/// is given back in an orderly way; @p meanwhile runs before, while it has everything. Fails the
/// test where the work does: by returning false.
void killAfter(const std::function<bool()>& work, const std::function<void()>& meanwhile);

} // namespace mediaheap::test
