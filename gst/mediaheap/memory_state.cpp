// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memory_state.h"

#include <utility>

#include "gstmediaheap-private.h"

#define GST_CAT_DEFAULT mediaheap::gst::debugCategory()

namespace mediaheap::gst {

namespace {

// The flags that are about the block and not about what somebody did with it.
constexpr guint lastingFlags = GST_MEMORY_FLAG_PHYSICALLY_CONTIGUOUS;

void layOut(GstMemory* memory, const MemoryState::Birth& birth, guint flags) {
    GST_MINI_OBJECT_FLAGS(memory) = GST_MINI_OBJECT_FLAG_LOCKABLE | flags;
    memory->offset = birth.offset;
    memory->size = birth.size;
    memory->maxsize = birth.maxsize;
    memory->align = birth.align;
}

} // namespace

MemoryState::MemoryState(Block block, Places places, const Birth& birth)
    : places_(std::move(places)), block_(std::move(block)), birth_(birth) {}

GQuark MemoryState::quark() {
    static const GQuark quark = g_quark_from_static_string("GstMediaHeapMemoryState");
    return quark;
}

void MemoryState::attach(GstMemory* memory, Block block, Places places, const Birth& birth) {
    places.own.occupy();
    auto* state = new MemoryState(std::move(block), std::move(places), birth);
    layOut(memory, birth, birth.flags);
    gst_mini_object_set_qdata(GST_MINI_OBJECT_CAST(memory), quark(), state,
                              [](gpointer data) { delete static_cast<MemoryState*>(data); });
    GST_MINI_OBJECT_CAST(memory)->dispose = disposed;
}

MemoryState* MemoryState::of(GstMemory* memory) {
    GstMemory* root = memory->parent != nullptr ? memory->parent : memory;
    return static_cast<MemoryState*>(
        gst_mini_object_get_qdata(GST_MINI_OBJECT_CAST(root), quark()));
}

bool MemoryState::discountSession() {
    unsigned open = sessions_;
    while (open > 0 && !sessions_.compare_exchange_weak(open, open - 1)) {
    }
    return open > 0;
}

gboolean MemoryState::disposed(GstMiniObject* object) noexcept {
    GstMemory* memory = GST_MEMORY_CAST(object);
    MemoryState* state = of(memory);
    if (isMapped(memory)) {
        // GStreamer leaks such a memory, with a critical message that cannot say whose it was; for
        // the address that somebody still has, that is the lesser evil.
        GST_ERROR("memory of '%s' has lost its last reference while it is mapped: it stays%s",
                  state->block_.name().c_str(), state->block_.describeOpenAccesses().c_str());
        return TRUE;
    }
    if (!state->seat().isValid())
        return TRUE;
    if (const unsigned open = state->sessions()) {
        // Whoever opened them still writes, for all we know. The core ends them, and says where
        // they were opened.
        GST_WARNING("memory of '%s' came back to its pool with %u of its access sessions open; it "
                    "is freed, not used again",
                    state->block_.name().c_str(), open);
        return TRUE;
    }
    if (state->places_.common)
        return TRUE; // its buffer has come apart
    // As new before anybody else can see it. What its owners promised about the bytes around the
    // data (ZERO_PREFIXED, ZERO_PADDED) and about sharing was for them.
    object->lockstate = 0;
    layOut(memory, state->birth_, state->birth_.flags & lastingFlags);
    return !state->places_.own.takeBack(memory);
}

GstMemory* busyMemory(GstBuffer* buffer) {
    const guint count = gst_buffer_n_memory(buffer);
    for (guint i = 0; i < count; i++) {
        GstMemory* memory = gst_buffer_peek_memory(buffer, i);
        const MemoryState* state = MemoryState::of(memory);
        if (state != nullptr && !state->block().isIdle(Access::Write))
            return memory;
    }
    return nullptr;
}

void forgetContents(GstBuffer* buffer) {
    const guint count = gst_buffer_n_memory(buffer);
    for (guint i = 0; i < count; i++)
        MemoryState::of(gst_buffer_peek_memory(buffer, i))->block().forgetContents();
}

bool isMapped(const GstMemory* memory) {
    // gstminiobject.c: the bits between the access flags and the count of exclusive locks count the
    // accesses.
    constexpr guint exclusiveOne = 1u << 16;
    constexpr guint accessCount =
        (exclusiveOne - 1) & ~(static_cast<guint>(GST_LOCK_FLAG_LAST) - 1);
    auto* lockstate = const_cast<gint*>(&memory->mini_object.lockstate);
    return (static_cast<guint>(g_atomic_int_get(lockstate)) & accessCount) != 0;
}

} // namespace mediaheap::gst
