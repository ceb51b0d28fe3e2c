// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pool_state.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <gst/mediaheap/gstmediaheapbufferpool.h>

#include "gstmediaheap-private.h"
#include "heap_allocator.h"
#include "heap_pools.h"
#include "memory_state.h"
#include "raw_flags.h"
#include "video_layout.h"

#define GST_CAT_DEFAULT mediaheap::gst::debugCategory()

namespace mediaheap::gst {

namespace {

using std::chrono::steady_clock;

// A device that is done wakes who waits for it; whether anything else has come back, or the pool is
// flushing, is looked for this often.
constexpr std::chrono::milliseconds glance{5};

/// Bytes of the heap that @p buffer has.
uint64_t heldBy(GstBuffer* buffer) {
    uint64_t bytes = 0;
    for (guint i = 0; i < gst_buffer_n_memory(buffer); i++) {
        if (const MemoryState* state = MemoryState::of(gst_buffer_peek_memory(buffer, i)))
            bytes += state->block().size();
    }
    return bytes;
}

gboolean copyField(GQuark field, const GValue* value, gpointer target) {
    gst_structure_id_set_value(static_cast<GstStructure*>(target), field, value);
    return TRUE;
}

} // namespace

PoolState::PoolState(GstBufferPool* self)
    : self_(self), ledger_(std::make_shared<MemoryLedger>()), maker_(self, ledger_),
      shortage_(self, *ledger_) {
    gst_video_alignment_reset(&floor_);
}

PoolState::~PoolState() {
    // Memory that is still out keeps the ledger and frees itself when it comes back.
    if (heap_ != nullptr)
        poolsOf(heap_).remove(*ledger_);
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
    shortage_.setHeap(heap_);
    poolsOf(heap_).add(ledger_);
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
        const std::string reason = adopted.error().message();
        GST_WARNING_OBJECT(self_, "%s; refused: %" GST_PTR_FORMAT, reason.c_str(), config);
        remember(reason);
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
    shortage_.configure(config_);
    if (inForce_ != nullptr)
        gst_structure_free(inForce_);
    inForce_ = gst_structure_copy(config);
    GST_DEBUG_OBJECT(self_, "configured: %" GST_PTR_FORMAT, config);
    return true;
}

bool PoolState::start() {
    shortage_.begin();
    MemoryLedger::Terms terms;
    terms.minimum = config_.min;
    terms.maximum = config_.max;
    terms.blockBytes = config_.blockSize();
    terms.owner = owner();
    ledger_->begin(std::move(terms));
    uint64_t own = 0;
    uint64_t others = coreOf(heap_)->stats().used;
    for (guint made = 0; made < config_.min; made++) {
        auto fresh = makeFirst();
        if (!fresh) {
            const uint64_t used = coreOf(heap_)->stats().used;
            others = std::max(others, used - std::min(used, own));
            // Whoever had it may have come and gone in between.
            if (others == 0)
                fresh = makeFirst();
        }
        if (!fresh && shortage_.mayStartShort(others, fresh.error())) {
            GST_INFO_OBJECT(self_, "starting with %u of %u buffers: %s", made, config_.min,
                            fresh.error().message().c_str());
            return true;
        }
        if (!fresh) {
            fail(shortage_.explainStart(made, std::move(fresh).error()), Asked::Start);
            ledger_->retire();
            return false;
        }
        own += heldBy(fresh.value());
        ledger_->put(fresh.value());
    }
    return true;
}

GstFlowReturn PoolState::acquire(GstBuffer** buffer, const GstBufferPoolAcquireParams* params) {
    const bool wait =
        params == nullptr || (rawFlags(params->flags) & GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT) == 0;
    const Asked asked = wait ? Asked::Buffer : Asked::BufferNow;
    Error shortage;
    PoolShortage::Endurance endurance;
    DeviceDeadline deviceDeadline;
    const auto patience = shortage_.patience();
    auto tellAt = steady_clock::now() + patience;
    bool refused = false; // by the heap, when so many had departed
    uint64_t departures = 0;
    const auto takeAnew = [&] {
        refused = false;
        return ledger_->take(wait, tellAt);
    };
    auto lot = takeAnew();
    for (;;) {
        switch (lot.kind) {
        case MemoryLedger::Lot::Kind::Buffer:
            if (!maker_.keepsFit(lot.buffer)) {
                lot = takeAnew();
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
                return fail(done.error(), asked);
            if (!done.value())
                lot = takeAnew();
            continue;
        }
        case MemoryLedger::Lot::Kind::Flushing:
            return GST_FLOW_FLUSHING;
        case MemoryLedger::Lot::Kind::Full:
            return GST_FLOW_EOS;
        case MemoryLedger::Lot::Kind::Late:
            tellOfWait(shortage_.explainWait(ledger_->holding()));
            tellAt = steady_clock::now() + patience;
            // To be late is no reason to turn to the heap, and to other pools, once more.
            lot = refused ? ledger_->takeReturned(departures, wait, tellAt) : takeAnew();
            continue;
        case MemoryLedger::Lot::Kind::Hopeless:
            if (!wait || !shortage_.outlast(shortage, endurance))
                return fail(shortage_.explain(std::move(shortage), endurance), asked);
            lot = takeAnew();
            continue;
        case MemoryLedger::Lot::Kind::Room:
            break;
        }
        auto fresh = make(lot);
        if (fresh) {
            *buffer = fresh.value();
            return GST_FLOW_OK;
        }
        shortage = std::move(fresh).error();
        if (!PoolShortage::isShortage(shortage))
            return fail(shortage, asked);
        if (wait)
            shortage_.log(shortage);
        refused = true;
        departures = lot.departures;
        lot = ledger_->takeReturned(departures, wait, tellAt);
    }
}

GstFlowReturn PoolState::allocate(GstBuffer** buffer) {
    auto lot = ledger_->reserve();
    if (lot.kind != MemoryLedger::Lot::Kind::Room)
        return GST_FLOW_EOS;
    auto fresh = make(lot);
    if (!fresh)
        return fail(shortage_.explain(std::move(fresh).error(), {}), Asked::BufferNow);
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

void PoolState::setUser(std::string user) {
    const std::lock_guard lock(mutex_);
    user_ = std::move(user);
}

std::string PoolState::owner() const {
    gchar* name = gst_object_get_name(GST_OBJECT_CAST(self_));
    const std::string pool = "'" + std::string(name) + "'";
    g_free(name);
    const std::lock_guard lock(mutex_);
    return user_.empty() ? pool : pool + " of " + user_;
}

void PoolState::remember(const std::string& failure) {
    const std::lock_guard lock(mutex_);
    failure_ = failure;
}

Result<GstBuffer*> PoolState::makeFirst() {
    auto lot = ledger_->reserve();
    return make(lot);
}

Result<GstBuffer*> PoolState::make(MemoryLedger::Lot& lot) {
    auto fresh = maker_.make(std::move(lot.seat));
    if (fresh || !shortage_.reclaim(fresh.error()))
        return fresh;
    auto again = ledger_->reserve();
    if (again.kind != MemoryLedger::Lot::Kind::Room)
        return fresh;
    lot = std::move(again);
    return maker_.make(std::move(lot.seat));
}

GstFlowReturn PoolState::fail(const Error& error, Asked asked) {
    const std::string message = error.message();
    GST_ERROR_OBJECT(self_, "%s", message.c_str());
    remember(message);
    const char* detail = asked == Asked::Start    ? allocationFailed::start
                         : asked == Asked::Buffer ? allocationFailed::buffer
                                                  : allocationFailed::bufferNow;
    g_signal_emit_by_name(self_, detail, message.c_str());
    return GST_FLOW_ERROR;
}

void PoolState::tellOfWait(const Error& error) {
    const std::string message = error.message();
    GST_INFO_OBJECT(self_, "%s", message.c_str());
    g_signal_emit_by_name(self_, waitingSignal, message.c_str());
}

guint PoolState::available() const {
    const guint left = ledger_->available();
    if (left == 0 || config_.memories.empty())
        return 0;
    // What the maximum allows the heap has to have, too.
    const Stats stats = coreOf(heap_)->stats();
    const uint64_t room = config_.memories.size() == 1
                              ? stats.largestFree / config_.blockSize()
                              : (stats.size - stats.used) / config_.blockSize();
    const auto idle = ledger_->holding().idle;
    return static_cast<guint>(MIN(uint64_t{left}, room + idle));
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

} // namespace mediaheap::gst
