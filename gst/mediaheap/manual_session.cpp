// SPDX-License-Identifier: LGPL-2.1-or-later
#include "manual_session.h"

#include <cerrno>
#include <string>
#include <utility>

#include "heap_allocator.h"
#include "memory_mapping.h"
#include "memory_state.h"

namespace mediaheap::gst {

namespace {

Error refusal(int code, const char* step, std::string cause, const char* remedy) {
    Error error;
    error.code = code;
    error.step = step;
    error.cause = std::move(cause);
    error.remedy = remedy;
    return error;
}

bool isOurs(const GstMemory& memory) {
    return memory.allocator != nullptr && HeapAllocator::of(memory.allocator) != nullptr;
}

Error notOurs(const char* step, const GstMemory& memory) {
    const char* type = memory.allocator != nullptr ? memory.allocator->mem_type : nullptr;
    return refusal(EOPNOTSUPP, step,
                   std::string("memory of type '") + (type != nullptr ? type : "unknown") +
                       "' is not of a media heap",
                   "map it: its own allocator does the sync, whatever the flags say");
}

} // namespace

Result<void> beginSession(GstMemory* memory, guint flags) {
    const char* const step = "begin an access";
    if (!isOurs(*memory))
        return notOurs(step, *memory);
    const auto access = accessOf(flags);
    if (!access)
        return refusal(EINVAL, step, "neither for reading nor for writing",
                       "give GST_MAP_READ, GST_MAP_WRITE or both");
    MemoryState& state = *MemoryState::of(memory);
    const Block& block = state.block();
    if (includes(*access, Access::Write) && GST_MEMORY_IS_READONLY(memory))
        return refusal(EACCES, step, "the memory of '" + block.name() + "' is read-only",
                       "write to a copy of it, as gst_memory_copy() makes");
    const Reach reach = reachOf(*memory, block);
    auto begun = block.beginAccess(*access, reach.offset, reach.size);
    if (begun)
        state.countSession();
    return begun;
}

Result<void> endSession(GstMemory* memory) {
    const char* const step = "end an access";
    if (!isOurs(*memory))
        return notOurs(step, *memory);
    MemoryState& state = *MemoryState::of(memory);
    // Counted apart from the maps, which one end too many must not close.
    if (!state.discountSession())
        return refusal(EINVAL, step,
                       "no session is open on the memory of '" + state.block().name() + "'",
                       "call gst_media_heap_memory_begin_access() once for each end");
    return state.block().endAccess();
}

} // namespace mediaheap::gst
