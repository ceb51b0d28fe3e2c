// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <gst/gst.h>
#include <gst/mediaheap/gstmediaheap.h>
#include <mediaheap/result.h>

#include "gstmediaheap-private.h"
#include "memory_ledger.h"
#include "memory_state.h"

namespace mediaheap::gst {

/// How a memory is to be made.
struct MemoryRequest {
    gsize size = 0;               ///< bytes of data, without prefix and padding
    GstAllocationParams params{}; ///< as for gst_allocator_alloc()
    std::string name;             ///< for people
    uint64_t client = 0;          ///< Heap::newClient(), or 0 for the allocator's own
    std::optional<bool> cached;   ///< unset takes the heap's own way
    MemoryLedger::Seat seat;      ///< where it belongs to a pool
    /// Where it is one of several that belong to a pool together.
    std::shared_ptr<MemoryLedger::Seat> commonSeat;
};

/// The signal of allocators and pools, with the reason as a string, that somebody who asked for
/// memory got none. Of a pool its detail says what was asked for.
namespace allocationFailed {
constexpr const char* name = "allocation-failed";
constexpr const char* start = "allocation-failed::start";   ///< to be active
constexpr const char* buffer = "allocation-failed::buffer"; ///< a buffer, however long it takes
constexpr const char* bufferNow = "allocation-failed::buffer-now"; ///< a buffer without waiting
} // namespace allocationFailed

/// Of a pool of which somebody has waited long for a buffer.
constexpr const char* waitingSignal = "waiting";

/// What the allocators of all heaps have in common, GstMediaHeapDmaBufAllocator,
/// GstMediaHeapFdAllocator and those that know physical addresses: all but their parent class. That
/// class makes the GstMemory and frees it; sharing it is its work too. Mapping
/// goes to the core alone, which owns the mapping and the sync of every block.
///
/// Thread safety: all members may be called from any thread once setHeap() has been.
class HeapAllocator {
public:
    /// Takes over the instance functions of @p self.
    explicit HeapAllocator(GstAllocator* self);
    ~HeapAllocator();
    HeapAllocator(const HeapAllocator&) = delete;
    HeapAllocator& operator=(const HeapAllocator&) = delete;

    /// The one behind @p allocator; null where that is of any other class.
    static HeapAllocator* of(GstAllocator* allocator);
    /// For the class_init of each class. Adds the signal allocationFailed.
    static void initClass(GstAllocatorClass* klass);

    void setHeap(GstMediaHeap* heap);
    GstMediaHeap* heap() const { return heap_; }

    /// A memory (transfer full) of a block of its own. After an error nothing is left.
    ///
    /// Errors: EOVERFLOW for sizes that do not add up; those of Heap::allocate().
    Result<GstMemory*> make(MemoryRequest request);

    /// A memory (transfer full) of @p size bytes around @p block, which is of the kind of memory
    /// that this allocator is the class for.
    GstMemory* wrap(Block block, gsize size);

    /// A part of @p memory (transfer full), or null with the reason logged.
    GstMemory* share(GstMemory* memory, gssize offset, gssize size);

    /// A copy of a part of @p memory (transfer full), from this heap while it has room; null with
    /// the reason logged.
    GstMemory* copy(GstMemory* memory, gssize offset, gssize size);

private:
    MemoryKind kind() const;
    GstMemory* represent(Block block, MemoryState::Places places, const MemoryState::Birth& birth);
    GstMemory* allocateForCopy(GstMemory* original, gsize size);

    GstAllocator* self_;
    GstMemoryShareFunction parentShare_;
    GstMediaHeap* heap_ = nullptr;
    uint64_t client_;
};

/// A new allocator of @p heap, of the class for that kind. Transfer full.
GstAllocator* newAllocator(GstMediaHeap* heap, MemoryKind kind);

} // namespace mediaheap::gst
