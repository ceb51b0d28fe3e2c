// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sim_device.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include <gst/allocators/allocators.h>
#include <gst/mediaheap/gstmediaheapcore-private.h>
#include <gst/plugin/stream_error.h>

#include "crc32.h"
#include "debug.h"

#define GST_CAT_DEFAULT simDeviceDebug()

namespace mediaheap::plugin {

namespace {

/// Whether nobody else sees what is written to @p buffer. Parts of a memory are read-only, since
/// they are the whole's as well.
bool isOnesOwn(GstBuffer* buffer) {
    if (!gst_buffer_is_writable(buffer) || !gst_buffer_is_all_memory_writable(buffer))
        return false;
    for (guint i = 0; i < gst_buffer_n_memory(buffer); ++i) {
        if (GST_MEMORY_IS_READONLY(gst_buffer_peek_memory(buffer, i)))
            return false;
    }
    return true;
}

bool writes(SimDevice::Op op) { return op == SimDevice::Op::Invert || op == SimDevice::Op::Fill; }

/// What people know the memory by.
std::string nameOf(GstMemory* memory) {
    if (gst_is_media_heap_memory(memory)) {
        const ObjectPtr<GstMediaHeap> heap(gst_media_heap_memory_get_heap(memory));
        return std::string("heap '") + gst_media_heap_get_description(heap.get()) + "'";
    }
    const char* type = memory->allocator ? memory->allocator->mem_type : nullptr;
    return std::string("allocator '") + (type ? type : "unknown") + "'";
}

} // namespace

SimDevice::SimDevice(GstBaseTransform* element)
    : element_(element), reports_(GST_ELEMENT(element)) {}

void SimDevice::start() {
    const StringPtr name(gst_object_get_name(GST_OBJECT(element_)));
    device_ = std::make_unique<simulated::Device>(name.get());
    reports_.reset();
    checksum_ = 0;
}

void SimDevice::stop() {
    device_->finish();
    reports_.log(takeViolations());
    device_.reset();
    heaps_.clear();
}

GstFlowReturn SimDevice::prepare(GstBuffer* in, GstBuffer** out) {
    task_ = {op_, value_, !async_ || op_ == Op::Checksum};
    if (task_.atOnce)
        device_->finish(); // what was started before the properties changed
    if (!writes(task_.op) || isOnesOwn(in)) {
        *out = in;
        return GST_FLOW_OK;
    }
    BufferPtr copied;
    const GstFlowReturn result = copy(in, copied);
    if (result == GST_FLOW_OK)
        *out = copied.release();
    return result;
}

GstFlowReturn SimDevice::copy(GstBuffer* in, BufferPtr& copy) {
    GST_DEBUG_OBJECT(element_, "others hold this buffer too, so the device works on a copy");
    copy.reset(gst_buffer_new());
    for (guint i = 0; i < gst_buffer_n_memory(in); ++i) {
        const GstFlowReturn result = copyMemory(gst_buffer_peek_memory(in, i), copy.get());
        if (result != GST_FLOW_OK)
            return result;
    }
    constexpr guint what =
        GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS | GST_BUFFER_COPY_META;
    gst_buffer_copy_into(copy.get(), in, static_cast<GstBufferCopyFlags>(what), 0, -1);
    return GST_FLOW_OK;
}

GstFlowReturn SimDevice::copyMemory(GstMemory* memory, GstBuffer* to) {
    Import from;
    const GstFlowReturn imported = import(memory, from);
    if (imported != GST_FLOW_OK || from.size == 0)
        return imported;
    // Where to put the copy only the heap's own memory knows.
    if (!gst_is_media_heap_memory(memory))
        return foreign(memory);
    GstAllocationParams params;
    gst_allocation_params_init(&params);
    params.align = memory->align;
    GstMemory* made = gst_allocator_alloc(memory->allocator, from.size, &params);
    if (!made)
        return noRoom(memory);
    gst_buffer_append_memory(to, made);
    Import target;
    const GstFlowReturn result = import(made, target);
    if (result != GST_FLOW_OK)
        return result;
    const auto copied = copyBytes(from, target);
    return copied ? GST_FLOW_OK : failed(memory, copied.error());
}

Result<void> SimDevice::copyBytes(const Import& from, const Import& to) {
    if (task_.atOnce)
        return device_->copy(from.fd, from.offset, to.fd, to.offset, from.size);
    simulated::Operation operation;
    operation.kind = simulated::Operation::Kind::Copy;
    operation.fd = from.fd;
    operation.offset = from.offset;
    operation.size = from.size;
    operation.target = to.fd;
    operation.targetOffset = to.offset;
    const auto fence = device_->start(operation);
    return fence ? Result<void>() : Result<void>(fence.error());
}

GstFlowReturn SimDevice::work(GstBuffer* buffer) {
    guint32 checksum = 0;
    for (guint i = 0; i < gst_buffer_n_memory(buffer); ++i) {
        GstMemory* memory = gst_buffer_peek_memory(buffer, i);
        Import import;
        const GstFlowReturn imported = this->import(memory, import);
        if (imported != GST_FLOW_OK)
            return imported;
        if (import.size == 0)
            continue;
        const auto done = task_.atOnce ? operate(import, checksum) : begin(import);
        if (!done)
            return failed(memory, done.error());
    }
    if (writes(task_.op))
        GST_BUFFER_FLAG_UNSET(buffer, GST_BUFFER_FLAG_GAP);
    if (task_.op == Op::Checksum) {
        checksum_ = checksum;
        g_object_notify(G_OBJECT(element_), "checksum");
    }
    return tell();
}

/// Carries the operation out, and adds to @p checksum.
Result<void> SimDevice::operate(const Import& import, guint32& checksum) {
    switch (task_.op) {
    case Op::Invert:
        return device_->invert(import.fd, import.offset, import.size);
    case Op::Fill:
        return device_->fill(import.fd, import.offset, import.size, task_.value);
    case Op::Identity:
    case Op::Checksum:
        break;
    }
    const auto read = device_->checksum(import.fd, import.offset, import.size);
    if (!read)
        return read.error();
    checksum = joinCrc32(checksum, read.value(), import.size);
    return {};
}

/// Leaves the operation to the device's own thread. Its fence is the block's as well, and that is
/// where it is waited for.
Result<void> SimDevice::begin(const Import& import) {
    simulated::Operation operation;
    switch (task_.op) {
    case Op::Invert:
        operation.kind = simulated::Operation::Kind::Invert;
        break;
    case Op::Fill:
        operation.kind = simulated::Operation::Kind::Fill;
        operation.value = task_.value;
        break;
    case Op::Identity:
    case Op::Checksum:
        operation.kind = simulated::Operation::Kind::Checksum;
        break;
    }
    operation.fd = import.fd;
    operation.offset = import.offset;
    operation.size = import.size;
    const auto fence = device_->start(operation);
    return fence ? Result<void>() : Result<void>(fence.error());
}

GstFlowReturn SimDevice::settle() {
    device_->finish();
    const GstFlowReturn result = tell();
    reports_.postSum();
    return result;
}

/// What a driver is given of @p memory: of a GstFdMemory the descriptor, and where in it the data
/// are.
GstFlowReturn SimDevice::import(GstMemory* memory, Import& import) {
    if (!gst_is_fd_memory(memory))
        return foreign(memory);
    gsize offset = 0;
    import.size = gst_memory_get_sizes(memory, &offset, nullptr);
    import.offset = offset;
    import.fd = gst_fd_memory_get_fd(memory);
    remember(memory);
    return GST_FLOW_OK;
}

/// Mistakes are kept by heap.
void SimDevice::remember(GstMemory* memory) {
    if (!gst_is_media_heap_memory(memory))
        return;
    ObjectPtr<GstMediaHeap> heap(gst_media_heap_memory_get_heap(memory));
    if (std::find(heaps_.begin(), heaps_.end(), heap) == heaps_.end())
        heaps_.push_back(std::move(heap));
}

std::vector<simulated::Violation> SimDevice::takeViolations() {
    std::vector<simulated::Violation> all;
    for (const auto& heap : heaps_) {
        auto found = gst_media_heap_get_core(heap.get())->takeViolations(device_->id());
        all.insert(all.end(), std::make_move_iterator(found.begin()),
                   std::make_move_iterator(found.end()));
    }
    return all;
}

GstFlowReturn SimDevice::tell() {
    const auto violations = takeViolations();
    if (violations.empty())
        return GST_FLOW_OK;
    const bool goesOn = reports_.post(violations, strict_);
    g_object_notify(G_OBJECT(element_), "violations");
    return goesOn ? GST_FLOW_OK : GST_FLOW_ERROR;
}

GstFlowReturn SimDevice::foreign(GstMemory* memory) {
    letPipelineSettle(GST_ELEMENT(element_));
    GST_ELEMENT_ERROR(element_, RESOURCE, SETTINGS,
                      ("memory of %s reaches no simulated device, which can import only that of a "
                       "simulated heap; put mediaheapupload heap=simulated before this element",
                       nameOf(memory).c_str()),
                      (nullptr));
    return GST_FLOW_ERROR;
}

GstFlowReturn SimDevice::noRoom(GstMemory* memory) {
    letPipelineSettle(GST_ELEMENT(element_));
    GST_ELEMENT_ERROR(element_, RESOURCE, NO_SPACE_LEFT,
                      ("%s has no room for a copy of %" G_GSIZE_FORMAT
                       " bytes, which the device needs since others hold the buffer too; open it "
                       "with a larger size=, or with larger zones in mmz=",
                       nameOf(memory).c_str(), memory->size),
                      (nullptr));
    return GST_FLOW_ERROR;
}

GstFlowReturn SimDevice::failed(GstMemory* memory, const Error& error) {
    if (error.code == EOPNOTSUPP)
        return foreign(memory);
    letPipelineSettle(GST_ELEMENT(element_));
    GST_ELEMENT_ERROR(element_, RESOURCE, FAILED,
                      ("the simulated device cannot work on memory of %s: %s",
                       nameOf(memory).c_str(), error.message().c_str()),
                      (nullptr));
    return GST_FLOW_ERROR;
}

} // namespace mediaheap::plugin
