// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memory_mapping.h"

#include <cerrno>

#include <gst/mediaheap/gstmediaheapmemory.h>

#include "gstmediaheap-private.h"
#include "memory_state.h"
#include "raw_flags.h"

#define GST_CAT_DEFAULT mediaheap::gst::debugCategory()

namespace mediaheap::gst {

namespace {

// GST_MAP_READ and GST_MAP_WRITE are the values of Access. Bits above are flags of whoever maps.
constexpr guint accessBits = GST_MAP_READ | GST_MAP_WRITE;
static_assert(static_cast<guint>(Access::Read) == GST_MAP_READ);
static_assert(static_cast<guint>(Access::Write) == GST_MAP_WRITE);

/// The access that a map with @p flags is; nothing where it only asks for the address.
std::optional<Access> mappedAccess(guint flags) {
    if ((flags & GST_MAP_MEDIA_HEAP_MANUAL_SYNC) != 0)
        return std::nullopt;
    return accessOf(flags);
}

} // namespace

Reach reachOf(const GstMemory& memory, const Block& block) {
    if (memory.parent == nullptr)
        return {0, block.size()};
    // A part may be empty, and the core knows no access to nothing: the byte beside it stands in.
    return {MIN(memory.offset, block.size() - 1), MAX(memory.size, gsize{1})};
}

std::optional<Access> accessOf(guint flags) {
    if ((flags & accessBits) == 0)
        return std::nullopt;
    return static_cast<Access>(flags & accessBits);
}

gpointer mapMemory(GstMemory* memory, GstMapInfo* info, gsize) noexcept {
    const Block& block = MemoryState::of(memory)->block();
    const auto access = mappedAccess(rawFlags(info->flags));
    if (!access)
        return block.data();
    const Reach reach = reachOf(*memory, block);
    const auto begun = block.beginAccess(*access, reach.offset, reach.size);
    if (begun)
        return block.data();
    // A write to what the CPU may only read is a refusal; anything else is a device in trouble.
    GST_CAT_LEVEL_LOG(GST_CAT_DEFAULT,
                      begun.error().code == EACCES ? GST_LEVEL_WARNING : GST_LEVEL_ERROR,
                      memory->allocator, "cannot map '%s': %s", block.name().c_str(),
                      begun.error().message().c_str());
    return nullptr;
}

void unmapMemory(GstMemory* memory, GstMapInfo* info) noexcept {
    if (!mappedAccess(rawFlags(info->flags)))
        return;
    const Block& block = MemoryState::of(memory)->block();
    const auto ended = block.endAccess();
    if (!ended)
        GST_WARNING_OBJECT(memory->allocator, "after the access to '%s': %s", block.name().c_str(),
                           ended.error().message().c_str());
}

void logCopy(GstMemory* from, GstMemory* to, gsize size) {
    static GstDebugCategory* const performance = [] {
        GstDebugCategory* found = nullptr;
        GST_DEBUG_CATEGORY_GET(found, "GST_PERFORMANCE");
        return found;
    }();
    GST_CAT_DEBUG(performance, "memcpy %" G_GSIZE_FORMAT " heap memory %p -> %p", size,
                  static_cast<void*>(from), static_cast<void*>(to));
}

} // namespace mediaheap::gst
