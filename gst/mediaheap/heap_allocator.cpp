// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap_allocator.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <gst/allocators/allocators.h>

#include "gstmediaheap-private.h"
#include "gstmediaheapdmabufallocator-private.h"
#include "gstmediaheapfdallocator-private.h"
#include "gstmediaheapphysallocator-private.h"
#include "gstmediaheapphysdmabufallocator-private.h"
#include "memory_mapping.h"
#include "memory_state.h"
#include "raw_flags.h"

#define GST_CAT_DEFAULT mediaheap::gst::debugCategory()

namespace mediaheap::gst {

namespace {

/// prefix + size + padding; the error names the three.
Result<gsize> totalOf(gsize size, const GstAllocationParams& params) {
    gsize total = 0;
    if (!g_size_checked_add(&total, size, params.prefix) ||
        !g_size_checked_add(&total, total, params.padding)) {
        Error error;
        error.code = EOVERFLOW;
        error.step = "add up " + std::to_string(size) + " bytes, a prefix of " +
                     std::to_string(params.prefix) + " and a padding of " +
                     std::to_string(params.padding);
        return error;
    }
    return total;
}

/// GStreamer gives alignments as masks; the widest mask is not one less than any size.
Result<size_t> alignmentOf(gsize mask) {
    if (mask == 0)
        return size_t{0};
    if (mask == G_MAXSIZE) {
        Error error;
        error.code = EOVERFLOW;
        error.step = "align to a mask of " + std::to_string(mask);
        return error;
    }
    return mask + 1;
}

/// Clears what the flags promise to be zero, before anybody else sees the memory.
Result<void> clearAround(const Block& block, const MemoryState::Birth& birth) {
    const gsize end = birth.offset + birth.size;
    const bool prefix = (birth.flags & GST_MEMORY_FLAG_ZERO_PREFIXED) != 0 && birth.offset > 0;
    const bool padding = (birth.flags & GST_MEMORY_FLAG_ZERO_PADDED) != 0 && end < birth.maxsize;
    if (!prefix && !padding)
        return {};
    auto mapping = block.map(Access::Write);
    if (!mapping)
        return mapping.error();
    auto* data = static_cast<guint8*>(mapping->data());
    if (prefix)
        std::memset(data, 0, birth.offset);
    if (padding)
        std::memset(data + end, 0, birth.maxsize - end);
    return mapping->end();
}

/// One that stands for @p block, of the kind that @p allocator makes.
GstMemory* newMemory(GstAllocator* allocator, const Block& block) {
    // The descriptor stays the block's, hence DONT_CLOSE.
    if (GST_IS_DMABUF_ALLOCATOR(allocator))
        return gst_dmabuf_allocator_alloc_with_flags(allocator, block.fd(), block.size(),
                                                     GST_FD_MEMORY_FLAG_DONT_CLOSE);
    if (GST_IS_FD_ALLOCATOR(allocator))
        return gst_fd_allocator_alloc(allocator, block.fd(), block.size(),
                                      GST_FD_MEMORY_FLAG_DONT_CLOSE);
    auto* memory = g_new0(GstMemory, 1);
    gst_memory_init(memory, static_cast<GstMemoryFlags>(0), allocator, nullptr, block.size(), 0, 0,
                    block.size());
    return memory;
}

GType typeFor(MemoryKind kind) {
    switch (kind) {
    case MemoryKind::DmaBuf:
        return GST_TYPE_MEDIA_HEAP_DMABUF_ALLOCATOR;
    case MemoryKind::Physical:
        return GST_TYPE_MEDIA_HEAP_PHYS_ALLOCATOR;
    case MemoryKind::PhysicalDmaBuf:
        return GST_TYPE_MEDIA_HEAP_PHYS_DMABUF_ALLOCATOR;
    case MemoryKind::Descriptor:
        break;
    }
    return GST_TYPE_MEDIA_HEAP_FD_ALLOCATOR;
}

/// A piece of a block.
struct Range {
    gsize first = 0;
    gsize size = 0;
};

/// @p size bytes (-1: all) at @p offset of the data of @p memory; nothing where the block has no
/// such bytes.
std::optional<Range> rangeIn(const GstMemory& memory, gssize offset, gssize size) {
    if (size == -1 && __builtin_sub_overflow(memory.size, offset, &size))
        return std::nullopt;
    Range range;
    gsize end = 0;
    if (size < 0 || __builtin_add_overflow(memory.offset, offset, &range.first) ||
        __builtin_add_overflow(range.first, size, &end) || end > memory.maxsize)
        return std::nullopt;
    range.size = static_cast<gsize>(size);
    return range;
}

GstMemory* allocate(GstAllocator* allocator, gsize size, GstAllocationParams* params) noexcept {
    MemoryRequest request;
    request.size = size;
    request.params = *params;
    request.name = GST_OBJECT_NAME(allocator);
    auto made = HeapAllocator::of(allocator)->make(std::move(request));
    if (made)
        return *made;
    const std::string message = made.error().message();
    GST_WARNING_OBJECT(allocator, "%s", message.c_str());
    g_signal_emit_by_name(allocator, allocationFailed::name, message.c_str());
    return nullptr;
}

GstMemory* share(GstMemory* memory, gssize offset, gssize size) noexcept {
    return HeapAllocator::of(memory->allocator)->share(memory, offset, size);
}

GstMemory* copy(GstMemory* memory, gssize offset, gssize size) noexcept {
    return HeapAllocator::of(memory->allocator)->copy(memory, offset, size);
}

// gst_memory_is_span() has made sure that both have the same parent.
gboolean isSpan(GstMemory* first, GstMemory* second, gsize* offset) noexcept {
    if (offset != nullptr)
        *offset = first->offset - first->parent->offset;
    return first->offset + first->size == second->offset;
}

} // namespace

HeapAllocator::HeapAllocator(GstAllocator* self)
    : self_(self), parentShare_(self->mem_share), client_(Heap::newClient()) {
    // The parent's own functions mmap() and sync for themselves. Nothing but gst_memory_map() and
    // gst_memory_unmap() calls them, and those prefer the full ones.
    self->mem_map = nullptr;
    self->mem_unmap = nullptr;
    self->mem_map_full = mapMemory;
    self->mem_unmap_full = unmapMemory;
    self->mem_share = gst::share;
    self->mem_copy = gst::copy;
    self->mem_is_span = isSpan;
    // alloc() is there: who copies or pads our memory shall allocate here and not elsewhere.
    GST_OBJECT_FLAG_UNSET(self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

HeapAllocator::~HeapAllocator() { gst_clear_object(&heap_); }

HeapAllocator* HeapAllocator::of(GstAllocator* allocator) {
    if (GST_IS_MEDIA_HEAP_DMABUF_ALLOCATOR(allocator))
        return gst_media_heap_dmabuf_allocator_get_behaviour(
            GST_MEDIA_HEAP_DMABUF_ALLOCATOR(allocator));
    if (GST_IS_MEDIA_HEAP_FD_ALLOCATOR(allocator))
        return gst_media_heap_fd_allocator_get_behaviour(GST_MEDIA_HEAP_FD_ALLOCATOR(allocator));
    if (GST_IS_MEDIA_HEAP_PHYS_DMABUF_ALLOCATOR(allocator))
        return gst_media_heap_phys_dmabuf_allocator_get_behaviour(
            GST_MEDIA_HEAP_PHYS_DMABUF_ALLOCATOR(allocator));
    if (GST_IS_MEDIA_HEAP_PHYS_ALLOCATOR(allocator))
        return gst_media_heap_phys_allocator_get_behaviour(
            GST_MEDIA_HEAP_PHYS_ALLOCATOR(allocator));
    return nullptr;
}

void HeapAllocator::initClass(GstAllocatorClass* klass) {
    klass->alloc = allocate;
    g_signal_new(allocationFailed::name, G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, nullptr,
                 nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
}

void HeapAllocator::setHeap(GstMediaHeap* heap) { heap_ = GST_MEDIA_HEAP(gst_object_ref(heap)); }

Result<GstMemory*> HeapAllocator::make(MemoryRequest request) {
    if (heap_ == nullptr) {
        Error error;
        error.code = ENODEV;
        error.step = "allocate";
        error.cause = "the allocator has no heap";
        error.remedy = "take the allocator from gst_media_heap_get_allocator()";
        return error;
    }
    const auto total = totalOf(request.size, request.params);
    if (!total)
        return total.error();
    const auto alignment = alignmentOf(request.params.align);
    if (!alignment)
        return alignment.error();

    AllocOptions options;
    options.name = request.name;
    options.alignment = alignment.value();
    options.cached = request.cached;
    options.contiguous =
        (rawFlags(request.params.flags) & GST_MEMORY_FLAG_PHYSICALLY_CONTIGUOUS) != 0;
    options.client = request.client != 0 ? request.client : client_;
    // GStreamer knows memory without bytes, the heap does not.
    auto block = coreOf(heap_)->allocate(MAX(total.value(), gsize{1}), options);
    if (!block)
        return block.error();

    MemoryState::Places places{std::move(request.seat), std::move(request.commonSeat)};
    MemoryState::Birth birth;
    birth.offset = request.params.prefix;
    birth.size = request.size;
    birth.maxsize = block->size();
    birth.align = request.params.align;
    birth.flags = rawFlags(request.params.flags);
    if (coreOf(heap_)->isContiguous())
        birth.flags |= GST_MEMORY_FLAG_PHYSICALLY_CONTIGUOUS;
    const auto cleared = clearAround(*block, birth);
    if (!cleared)
        return cleared.error();

    const MemoryKind own = kindOf(*coreOf(heap_));
    if (kind() == own)
        return represent(std::move(*block), std::move(places), birth);
    // A copy of what was wrapped is a block of the heap, which is of another kind.
    GstAllocator* proper = allocatorOf(heap_, own);
    GstMemory* memory = of(proper)->represent(std::move(*block), std::move(places), birth);
    gst_object_unref(proper);
    return memory;
}

GstMemory* HeapAllocator::wrap(Block block, gsize size) {
    MemoryState::Birth birth;
    birth.size = size;
    birth.maxsize = block.size();
    birth.flags = block.isWritable() ? 0 : GST_MEMORY_FLAG_READONLY;
    return represent(std::move(block), {}, birth);
}

MemoryKind HeapAllocator::kind() const {
    const bool physical = GST_IS_PHYS_MEMORY_ALLOCATOR(self_);
    if (GST_IS_DMABUF_ALLOCATOR(self_))
        return physical ? MemoryKind::PhysicalDmaBuf : MemoryKind::DmaBuf;
    return physical ? MemoryKind::Physical : MemoryKind::Descriptor;
}

GstMemory* HeapAllocator::represent(Block block, MemoryState::Places places,
                                    const MemoryState::Birth& birth) {
    GstMemory* memory = newMemory(self_, block);
    MemoryState::attach(memory, std::move(block), std::move(places), birth);
    return memory;
}

GstMemory* HeapAllocator::share(GstMemory* memory, gssize offset, gssize size) {
    const auto range = rangeIn(*memory, offset, size);
    if (!range) {
        GST_WARNING_OBJECT(self_,
                           "no part of %" G_GSSIZE_FORMAT " bytes at %" G_GSSIZE_FORMAT
                           " in a memory of %" G_GSIZE_FORMAT " at %" G_GSIZE_FORMAT,
                           size, offset, memory->size, memory->offset);
        return nullptr;
    }
    // The part will lock the root. gst_memory_share() has made sure that it can where the root is
    // what is shared; where it is a part, the root may be mapped for writing, and gst_memory_init()
    // has no way to say that it failed to lock.
    GstMemory* root = memory->parent;
    if (root != nullptr && !gst_memory_lock(root, GST_LOCK_FLAG_EXCLUSIVE))
        return nullptr;
    if (root != nullptr && !gst_memory_lock(root, GST_LOCK_FLAG_EXCLUSIVE)) {
        gst_memory_unlock(root, GST_LOCK_FLAG_EXCLUSIVE);
        return nullptr;
    }
    GstMemory* part = parentShare_(memory, offset, static_cast<gssize>(range->size));
    if (root != nullptr) {
        gst_memory_unlock(root, GST_LOCK_FLAG_EXCLUSIVE);
        gst_memory_unlock(root, GST_LOCK_FLAG_EXCLUSIVE);
    }
    // It has the root's flags, though the bytes around it may be the root's data.
    const GstMemory* parent = part->parent;
    if (range->first > parent->offset)
        GST_MEMORY_FLAG_UNSET(part, GST_MEMORY_FLAG_ZERO_PREFIXED);
    if (range->first + range->size < parent->offset + parent->size)
        GST_MEMORY_FLAG_UNSET(part, GST_MEMORY_FLAG_ZERO_PADDED);
    return part;
}

GstMemory* HeapAllocator::copy(GstMemory* memory, gssize offset, gssize size) {
    MemoryState& state = *MemoryState::of(memory);
    // GStreamer takes all from behind the end for nothing.
    const bool nothing = size == 0 || (size == -1 && offset >= static_cast<gssize>(memory->size));
    const auto range = nothing ? std::optional<Range>(Range()) : rangeIn(*memory, offset, size);
    if (!range) {
        GST_WARNING_OBJECT(self_, "nothing to copy at %" G_GSSIZE_FORMAT " of '%s'", offset,
                           state.block().name().c_str());
        return nullptr;
    }
    GstMemory* made = allocateForCopy(memory, range->size);
    if (made == nullptr || range->size == 0)
        return made;
    // Straight from the block: whoever has the memory mapped for writing may copy it all the same,
    // as with system memory.
    const auto source = state.block().map(Access::Read, range->first, range->size);
    GstMapInfo target;
    if (!source || !gst_memory_map(made, &target, GST_MAP_WRITE)) {
        GST_ERROR_OBJECT(self_, "cannot copy '%s': %s", state.block().name().c_str(),
                         source ? "no access to the copy" : source.error().message().c_str());
        gst_memory_unref(made);
        return nullptr;
    }
    std::memcpy(target.data, source->data(), range->size);
    gst_memory_unmap(made, &target);
    state.seat().countCopy(range->size);
    logCopy(memory, made, range->size);
    return made;
}

GstMemory* HeapAllocator::allocateForCopy(GstMemory* original, gsize size) {
    MemoryRequest request;
    request.size = size;
    request.params.align = original->align;
    request.name = "copy of " + MemoryState::of(original)->block().name();
    GstAllocationParams params = request.params;
    auto made = make(std::move(request));
    if (made)
        return *made;
    GST_INFO_OBJECT(self_, "copying to system memory: %s", made.error().message().c_str());
    GstAllocator* system = gst_allocator_find(GST_ALLOCATOR_SYSMEM);
    GstMemory* memory = gst_allocator_alloc(system, size, &params);
    gst_object_unref(system);
    return memory;
}

MemoryKind kindOf(const Heap& heap) {
    if (!heap.hasDescriptors())
        return MemoryKind::Physical;
    if (!heap.isDmaBuf())
        return MemoryKind::Descriptor;
    return heap.addressesAreLabels() ? MemoryKind::DmaBuf : MemoryKind::PhysicalDmaBuf;
}

GstAllocator* newAllocator(GstMediaHeap* heap, MemoryKind kind) {
    auto* made = GST_ALLOCATOR(g_object_new(typeFor(kind), nullptr));
    gst_object_ref_sink(made);
    HeapAllocator::of(made)->setHeap(heap);
    return made;
}

} // namespace mediaheap::gst
