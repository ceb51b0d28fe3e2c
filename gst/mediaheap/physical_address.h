// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace mediaheap::gst {

/// Fills in GstPhysMemoryAllocatorInterface for memory of a heap that knows true addresses: that of
/// the first byte of the memory's data, so that a part shared from another lies by its offset
/// further on.
void initPhysicalAddresses(gpointer interface, gpointer unused) noexcept;

} // namespace mediaheap::gst
