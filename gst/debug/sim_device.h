// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include <gst/base/gstbasetransform.h>
#include <gst/mediaheap/mediaheap.h>
#include <gst/plugin/gst_ptr.h>
#include <mediaheap/simulated/device.h>

#include "violation_reports.h"

namespace mediaheap::plugin {

/// What the element mediaheapsimdevice does: plays a piece of hardware that imports the memory of
/// each buffer by its descriptor, and reaches only the device's view of it.
///
/// Thread safety: start() and stop() have no company; prepare(), work() and settle() belong to the
/// streaming thread; the others may be called from any.
class SimDevice {
public:
    enum class Op {
        Identity, ///< reads
        Invert,   ///< reads, and writes the complement
        Checksum, ///< reads; checksum() has the CRC-32
        Fill,     ///< writes value() everywhere
    };

    /// @p element outlives this object.
    explicit SimDevice(GstBaseTransform* element);

    void setOp(Op op) { op_ = op; }
    Op op() const { return op_; }
    void setValue(guint8 value) { value_ = value; }
    guint8 value() const { return value_; }
    /// Whether a mistake ends the stream.
    void setStrict(bool strict) { strict_ = strict; }
    bool isStrict() const { return strict_; }
    /// Whether buffers go on while the device still works on them.
    void setAsync(bool async) { async_ = async; }
    bool isAsync() const { return async_; }

    /// CRC-32 of the last buffer that was checked; 0 before.
    guint32 checksum() const { return checksum_; }
    /// Mistakes that the device was a party to since the stream began.
    guint64 violations() const { return reports_.count(); }

    void start();
    void stop();

    /// Sets @p out to @p in, or where others hold what the device is to write, to a copy that the
    /// device has made.
    GstFlowReturn prepare(GstBuffer* in, GstBuffer** out);
    /// Does the operation of the last prepare() on @p buffer.
    GstFlowReturn work(GstBuffer* buffer);
    /// At the end of the stream: waits for the device, and tells what has come to light since.
    GstFlowReturn settle();

private:
    /// The properties, as they were when the buffer came.
    struct Task {
        Op op = Op::Identity;
        guint8 value = 0;
        bool atOnce = true;
    };

    /// A piece of memory as a driver gets it.
    struct Import {
        int fd = -1;
        guint64 offset = 0;
        guint64 size = 0;
    };

    GstFlowReturn import(GstMemory* memory, Import& import);
    Result<void> operate(const Import& import, guint32& checksum);
    Result<void> begin(const Import& import);
    GstFlowReturn copy(GstBuffer* in, BufferPtr& copy);
    GstFlowReturn copyMemory(GstMemory* memory, GstBuffer* to);
    Result<void> copyBytes(const Import& from, const Import& to);
    void remember(GstMemory* memory);
    GstFlowReturn tell();
    std::vector<simulated::Violation> takeViolations();

    GstFlowReturn foreign(GstMemory* memory);
    GstFlowReturn noRoom(GstMemory* memory);
    GstFlowReturn failed(GstMemory* memory, const Error& error);

    GstBaseTransform* const element_;
    std::atomic<Op> op_{Op::Identity};
    std::atomic<guint8> value_{0};
    std::atomic<bool> strict_{false};
    std::atomic<bool> async_{false};
    std::atomic<guint32> checksum_{0};
    ViolationReports reports_;

    std::unique_ptr<simulated::Device> device_;  // while the stream runs
    std::vector<ObjectPtr<GstMediaHeap>> heaps_; // that its memory was of
    Task task_;
};

} // namespace mediaheap::plugin
