// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace mediaheap::gst {

/// Sends what the core logs to the debug category `mediaheap`, from the first call on.
///
/// Thread safety: any thread.
void routeCoreLog();

} // namespace mediaheap::gst
