// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace mediaheap {

/// What becomes of a program that touches a block outside its accesses, once it is reported.
enum class StrayPolicy {
    Abort,  ///< it ends
    Report, ///< it goes on, and its mapping is open until the next access begins or ends there
};

} // namespace mediaheap
