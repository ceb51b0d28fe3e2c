// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pool_state.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <gst/mediaheap/gstmediaheapbufferpool.h>

#include "gstmediaheap-private.h"
#include "heap_allocator.h"
#include "memory_state.h"
#include "raw_flags.h"
#include "video_layout.h"

#define GST_CAT_DEFAULT mediaheap::gst::debugCategory()

namespace mediaheap::gst {

namespace {

using std::chrono::steady_clock;

// When a stream changes its format, the pool for the new frames starts before the old one stops,
// and the old frames are let go as the new ones push them out: a queue of GStreamer's default
// length takes a second for that. Nothing tells of memory that others give back, so it is looked
// for.
constexpr std::chrono::seconds patience{2};
constexpr std::chrono::milliseconds lookout{10};
// A device that is done wakes who waits for it; whether anything else has come back, or the pool is
// flushing, is looked for this often.
constexpr std::chrono::milliseconds glance{5};

/// What passes when somebody gives memory or descriptors back.
bool isShortage(const Error& error) {
    return error.code == ENOMEM || error.code == EMFILE || error.code == ENFILE;
}

gboolean copyField(GQuark field, const GValue* value, gpointer target) {
    gst_structure_id_set_value(static_cast<GstStructure*>(target), field, value);
    return TRUE;
}

} // namespace

PoolState::PoolState(GstBufferPool* self)
    : self_(self), ledger_(std::make_shared<MemoryLedger>()), maker_(self, ledger_) {
    gst_video_alignment_reset(&floor_);
}

PoolState::~PoolState() {
    // Memory that is still out keeps the ledger and frees itself when it comes back.
    ledger_->retire();
    if (inForce_ != nullptr)
        gst_structure_free(inForce_);
    gst_clear_object(&allocator_);
    gst_clear_object(&heap_);
}

void PoolState::setHeap(GstMediaHeap* heap) {
    heap_ = GST_MEDIA_HEAP(gst_object_ref(heap));
    allocator_ = gst_media_heap_get_allocator(heap);
    maker_.setAllocator(allocator_);
}

const gchar** PoolState::options() const {
    static const gchar* cached[] = {GST_BUFFER_POOL_OPTION_VIDEO_META,
                                    GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT,
                                    GST_BUFFER_POOL_OPTION_MEDIA_HEAP_MEMORY_PER_PLANE, nullptr};
    static const gchar* uncached[] = {GST_BUFFER_POOL_OPTION_VIDEO_META,
                                      GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT,
                                      GST_BUFFER_POOL_OPTION_MEDIA_HEAP_MEMORY_PER_PLANE,
                                      GST_BUFFER_POOL_OPTION_MEDIA_HEAP_UNCACHED, nullptr};
    return heap_ != nullptr && !coreOf(heap_)->isCached() ? uncached : cached;
}

bool PoolState::setConfig(GstStructure* config) {
    if (heap_ == nullptr) {
        GST_WARNING_OBJECT(self_,
                           "a pool without a heap; gst_media_heap_buffer_pool_new() gives one");
        return false;
    }
    GstVideoAlignment floor;
    {
        const std::lock_guard lock(mutex_);
        floor = floor_;
    }
    auto adopted = PoolConfig::adopt(config, allocator_, floor, memoryPerPlane_);
    if (adopted && adopted->uncached && coreOf(heap_)->isCached()) {
        Error error;
        error.code = EOPNOTSUPP;
        error.step = "configure the pool";
        error.cause = "this heap's CPU mappings are always cached";
        error.heap = coreOf(heap_)->description();
        adopted = error;
    }
    if (!adopted) {
        GST_WARNING_OBJECT(self_, "%s; refused: %" GST_PTR_FORMAT,
                           adopted.error().message().c_str(), config);
        // GstBufferPool keeps what it was given, refused or not, and would next time take the same
        // for a configuration in force.
        if (inForce_ != nullptr) {
            gst_structure_remove_all_fields(config);
            gst_structure_foreach(inForce_, copyField, config);
        }
        return false;
    }
    config_ = std::move(adopted).value();
    maker_.configure(config_);
    if (inForce_ != nullptr)
        gst_structure_free(inForce_);
    inForce_ = gst_structure_copy(config);
    GST_DEBUG_OBJECT(self_, "configured: %" GST_PTR_FORMAT, config);
    return true;
}

bool PoolState::start() {
    starved_ = false;
    ledger_->begin(config_.max);
    const uint64_t othersUsed = coreOf(heap_)->stats().used;
    for (guint made = 0; made < config_.min; made++) {
        auto lot = ledger_->reserve();
        auto fresh = maker_.make(std::move(lot.seat));
        if (!fresh && mayStartShort(othersUsed, fresh.error())) {
            GST_INFO_OBJECT(self_, "starting with %u of %u buffers: %s", made, config_.min,
                            fresh.error().message().c_str());
            return true;
        }
        if (!fresh) {
            fail(startFailure(made, std::move(fresh).error()));
            ledger_->retire();
            return false;
        }
        ledger_->put(fresh.value());
    }
    return true;
}

GstFlowReturn PoolState::acquire(GstBuffer** buffer, const GstBufferPoolAcquireParams* params) {
    const bool wait =
        params == nullptr || (rawFlags(params->flags) & GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT) == 0;
    Error shortage;
    Endurance endurance{steady_clock::now() + patience, false};
    DeviceDeadline deviceDeadline;
    auto lot = ledger_->take(wait);
    for (;;) {
        switch (lot.kind) {
        case MemoryLedger::Lot::Kind::Buffer:
            if (!maker_.keepsFit(lot.buffer)) {
                lot = ledger_->take(wait);
                continue;
            }
            forgetContents(lot.buffer);
            *buffer = lot.buffer;
            return GST_FLOW_OK;
        case MemoryLedger::Lot::Kind::Memory:
            MemoryState::of(lot.memory)->block().forgetContents();
            *buffer = maker_.wrap(lot.memory);
            return GST_FLOW_OK;
        case MemoryLedger::Lot::Kind::Busy: {
            const auto done = outwaitDevice(lot, deviceDeadline);
            if (!done)
                return fail(done.error());
            if (!done.value())
                lot = ledger_->take(wait);
            continue;
        }
        case MemoryLedger::Lot::Kind::Flushing:
            return GST_FLOW_FLUSHING;
        case MemoryLedger::Lot::Kind::Full:
            return GST_FLOW_EOS;
        case MemoryLedger::Lot::Kind::Hopeless:
            if (!wait || !outlastOthers(shortage, endurance))
                return fail(shortage);
            lot = ledger_->take(wait);
            continue;
        case MemoryLedger::Lot::Kind::Room:
            break;
        }
        auto fresh = maker_.make(std::move(lot.seat));
        if (fresh) {
            *buffer = fresh.value();
            return GST_FLOW_OK;
        }
        shortage = std::move(fresh).error();
        if (!isShortage(shortage))
            return fail(shortage);
        if (wait)
            logStarvation(shortage);
        lot = ledger_->takeReturned(lot.departures, wait);
    }
}

GstFlowReturn PoolState::allocate(GstBuffer** buffer) {
    auto lot = ledger_->reserve();
    if (lot.kind != MemoryLedger::Lot::Kind::Room)
        return GST_FLOW_EOS;
    auto fresh = maker_.make(std::move(lot.seat));
    if (!fresh)
        return fail(fresh.error());
    *buffer = fresh.value();
    return GST_FLOW_OK;
}

void PoolState::release(GstBuffer* buffer) {
    // A pool that was made inactive stops for good when the last buffer is back; what comes before
    // that need not wait for it.
    if (GST_BUFFER_POOL_IS_FLUSHING(self_) && !gst_buffer_pool_is_active(self_))
        ledger_->retireIfFlushing();
    if (maker_.keepsFit(buffer) && !ledger_->put(buffer))
        gst_buffer_unref(buffer);
}

bool PoolState::setFloor(const GstVideoAlignment& floor) {
    if (!isReasonable(floor))
        return false;
    const std::lock_guard lock(mutex_);
    floor_ = floor;
    return true;
}

std::string PoolState::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

GstFlowReturn PoolState::fail(const Error& error) {
    const std::string message = error.message();
    GST_ERROR_OBJECT(self_, "%s", message.c_str());
    {
        const std::lock_guard lock(mutex_);
        failure_ = message;
    }
    g_signal_emit_by_name(self_, allocationFailed, message.c_str());
    return GST_FLOW_ERROR;
}

/// Whether the minimum of buffers could be had if only the others in the heap, who had
/// @p othersUsed bytes of it, gave them back.
bool PoolState::mayStartShort(uint64_t othersUsed, const Error& error) const {
    return error.code == ENOMEM && othersUsed > 0 &&
           config_.min * maker_.memorySize() <= coreOf(heap_)->stats().size;
}

/// Waits for room in the heap that others have. False when there is none to come, or not in time.
bool PoolState::outlastOthers(const Error& error, Endurance& endurance) {
    while (error.code == ENOMEM && !endurance.last && steady_clock::now() < endurance.deadline) {
        const Stats stats = coreOf(heap_)->stats();
        if (maker_.memorySize() > stats.size)
            return false;
        // Nobody has anything: either the others have just left, or it is not for the heap that
        // there is no memory. One more attempt tells.
        endurance.last = stats.used == 0;
        if (endurance.last)
            return true;
        logStarvation(error);
        if (!ledger_->pause(lookout) || coreOf(heap_)->stats().largestFree >= maker_.memorySize())
            return true;
    }
    return false;
}

/// Waits a moment for the device that works on what @p lot has. True: it is done, the lot is the
/// pool's to hand out. False: it is idle again. After the deadline, which only runs while nobody
/// but devices has anything of the pool, an error.
Result<bool> PoolState::outwaitDevice(MemoryLedger::Lot& lot, DeviceDeadline& deadline) {
    const auto longest = coreOf(heap_)->longestWait();
    GstMemory* memory = lot.buffer != nullptr ? busyMemory(lot.buffer) : lot.memory;
    auto idle = memory != nullptr ? MemoryState::of(memory)->block().waitUntilIdle(
                                        Access::Write, std::min(glance, longest))
                                  : Result<bool>(true);
    // The next plane's device is looked at when this lot is taken again.
    if (idle && idle.value() && lot.buffer != nullptr && busyMemory(lot.buffer) != nullptr)
        idle = false;
    ledger_->settle(lot, idle && idle.value());
    if (!idle || idle.value())
        return idle;
    if (!lot.last) {
        deadline.reset();
        return false;
    }
    if (!deadline)
        deadline = steady_clock::now() + longest;
    if (steady_clock::now() < *deadline)
        return false;
    Error error;
    error.code = ETIMEDOUT;
    error.step = "hand out a buffer";
    error.cause = "devices have not finished with any of the pool's after " +
                  std::to_string(longest.count()) + " ms";
    error.remedy = "see what the devices do, let the pool have more buffers, or give them longer "
                   "with wait= in the heap string";
    error.heap = coreOf(heap_)->description();
    return error;
}

/// @p cause, with what all buffers that the pool was to start with would have needed.
Error PoolState::startFailure(guint made, Error cause) const {
    constexpr uint64_t mebi = uint64_t{1} << 20;
    const Stats stats = coreOf(heap_)->stats();
    const uint64_t bytes = maker_.memorySize();
    cause.step = "make " + std::to_string(config_.min) + " buffers of " + std::to_string(bytes) +
                 " bytes, of which " + std::to_string(made) + " fit: " + cause.step;
    if (cause.code != ENOMEM)
        return cause;
    // Blocks are whole pages; the largest page there is gives a size that is enough everywhere.
    constexpr uint64_t page = uint64_t{64} << 10;
    const uint64_t each = (bytes + page - 1) / page * page + (maker_.memories() - 1) * page;
    const uint64_t needed = stats.used + (config_.min - made) * each;
    if (needed <= stats.size) {
        // It is not the heap that is too small.
        if (cause.remedy.empty())
            cause.remedy = "free memory, raise the limits of the process (ulimit -a), or let the "
                           "pool start with fewer buffers";
        return cause;
    }
    cause.remedy = "open the heap with size=" + std::to_string((needed + mebi - 1) / mebi) +
                   "M or more, or let the pool start with fewer buffers";
    return cause;
}

void PoolState::logStarvation(const Error& error) {
    if (!starved_.exchange(true))
        GST_INFO_OBJECT(self_, "waiting for a buffer to come back: %s", error.message().c_str());
}

} // namespace mediaheap::gst
