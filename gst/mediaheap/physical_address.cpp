// SPDX-License-Identifier: LGPL-2.1-or-later
#include "physical_address.h"

#include <gst/allocators/allocators.h>

#include "memory_state.h"

namespace mediaheap::gst {

namespace {

guintptr physicalAddress(GstPhysMemoryAllocator*, GstMemory* memory) noexcept {
    return static_cast<guintptr>(MemoryState::of(memory)->block().address() + memory->offset);
}

} // namespace

void initPhysicalAddresses(gpointer interface, gpointer) noexcept {
    static_cast<GstPhysMemoryAllocatorInterface*>(interface)->get_phys_addr = physicalAddress;
}

} // namespace mediaheap::gst
