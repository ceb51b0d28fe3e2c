// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pool_shortage.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include "gstmediaheap-private.h"
#include "heap_pools.h"

#define GST_CAT_DEFAULT mediaheap::gst::debugCategory()

namespace mediaheap::gst {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// Nothing tells of memory that others give back, so it is looked for.
constexpr milliseconds lookout{10};

std::string inMilliseconds(steady_clock::duration time) {
    return std::to_string(std::chrono::duration_cast<milliseconds>(time).count()) + " ms";
}

/// As the heap string of @p heap has its size, rounded up.
std::string inMebibytes(uint64_t bytes, const std::string& heap) {
    constexpr uint64_t mebi = uint64_t{1} << 20;
    const std::string size = std::to_string((bytes + mebi - 1) / mebi) + "M";
    return heap.find(",mmz=") == std::string::npos ? "size=" + size : size + " of zones in mmz=";
}

} // namespace

bool PoolShortage::isShortage(const Error& error) {
    return error.code == ENOMEM || error.code == EMFILE || error.code == ENFILE;
}

bool PoolShortage::hasRoom() const {
    const Stats stats = coreOf(heap_)->stats();
    return stats.largestFree >= config_.largestBlock() &&
           stats.size - stats.used >= config_.blockSize();
}

bool PoolShortage::reclaim(const Error& error) const {
    if (config_.whenFull != GST_MEDIA_HEAP_WHEN_FULL_RECLAIM || !isShortage(error) ||
        config_.memorySize() > coreOf(heap_)->stats().size)
        return false;
    // Of descriptors the first that is free will do.
    const bool enough = poolsOf(heap_).reclaim(
        ledger_, [this] { return coreOf(heap_)->stats().used; },
        [this, &error] { return error.code != ENOMEM || hasRoom(); });
    if (enough)
        GST_INFO_OBJECT(pool_, "other pools have made room: %s", error.message().c_str());
    return enough;
}

bool PoolShortage::outlast(const Error& error, Endurance& endurance) {
    if (config_.whenFull == GST_MEDIA_HEAP_WHEN_FULL_FAIL || error.code != ENOMEM || endurance.last)
        return false;
    if (!endurance.since)
        endurance.since = steady_clock::now();
    while (config_.maxWait == GST_CLOCK_TIME_NONE ||
           steady_clock::now() - *endurance.since < nanoseconds(config_.maxWait)) {
        const Stats stats = coreOf(heap_)->stats();
        if (config_.memorySize() > stats.size)
            return false;
        // Nobody has anything: either the others have just left, or it is not for the heap that
        // there is no memory. One more attempt tells.
        endurance.last = stats.used == 0;
        if (endurance.last)
            return true;
        log(error);
        if (!ledger_.pause(lookout) || ledger_.hasIdle() || hasRoom() || reclaim(error))
            return true;
    }
    return false;
}

bool PoolShortage::mayStartShort(uint64_t othersUsed, const Error& error) const {
    return config_.whenFull != GST_MEDIA_HEAP_WHEN_FULL_FAIL && error.code == ENOMEM &&
           othersUsed > 0 && config_.min * config_.memorySize() <= coreOf(heap_)->stats().size;
}

void PoolShortage::log(const Error& error) {
    if (!logged_.exchange(true))
        GST_INFO_OBJECT(pool_, "waiting for a buffer to come back: %s", error.message().c_str());
}

milliseconds PoolShortage::patience() const {
    constexpr milliseconds least{1000}; // no wait for others' memory is still one for its own
    constexpr milliseconds most = std::chrono::hours(24);
    // To wait for ever is no wish to hear nothing for ever.
    const uint64_t longest =
        config_.maxWait == GST_CLOCK_TIME_NONE ? GST_MEDIA_HEAP_DEFAULT_MAX_WAIT : config_.maxWait;
    const auto asked = std::chrono::duration_cast<milliseconds>(
        nanoseconds(std::min<uint64_t>(longest, INT64_MAX)));
    return std::clamp(asked, least, most);
}

Error PoolShortage::explainWait(const MemoryLedger::Holding& holding) const {
    const size_t all = holding.out + holding.idle;
    Error error;
    error.heap = coreOf(heap_)->description();
    error.code = ETIMEDOUT;
    error.step = "hand out a buffer of " + holding.owner;
    error.cause = "still waiting: all " + std::to_string(all) + " have been in use for " +
                  inMilliseconds(patience());
    error.remedy = "unless frames are meant to come that rarely, an element keeps several of them, "
                   "or is slow, and needs more: set min-buffers=" +
                   std::to_string(all + 1) + " or more";
    if (config_.max != 0 && all >= config_.max)
        error.remedy += ", and raise max-buffers or max-bytes";
    else if (!hasRoom())
        error.remedy += ", in a heap of at least " +
                        inMebibytes(coreOf(heap_)->stats().used + config_.blockSize(), error.heap);
    return error;
}

Error PoolShortage::explain(Error error, const Endurance& endurance) const {
    if (error.code != ENOMEM)
        return error;
    if (const std::string pools = poolsOf(heap_).describe(); !pools.empty())
        error.cause += "; pools that have memory of it: " + pools;
    if (endurance.since)
        error.cause += "; nobody has given enough back within " +
                       inMilliseconds(steady_clock::now() - *endurance.since);
    return error;
}

Error PoolShortage::explainStart(guint made, Error error) const {
    const Stats stats = coreOf(heap_)->stats();
    const uint64_t bytes = config_.memorySize();
    error.step = "make " + std::to_string(config_.min) + " buffers of " + std::to_string(bytes) +
                 " bytes, of which " + std::to_string(made) + " fit: " + error.step;
    if (error.code != ENOMEM)
        return error;
    // Blocks are whole pages; the largest page there is gives a size that is enough everywhere.
    constexpr uint64_t page = uint64_t{64} << 10;
    const uint64_t each = (bytes + page - 1) / page * page + (config_.memories.size() - 1) * page;
    const uint64_t needed = stats.used + (config_.min - made) * each;
    if (needed <= stats.size) {
        // It is not the heap that is too small.
        if (error.remedy.empty())
            error.remedy = "free memory, raise the limits of the process (ulimit -a), or let the "
                           "pool start with fewer buffers (min-buffers)";
        return error;
    }
    error.remedy = "open the heap with " + inMebibytes(needed, error.heap) +
                   " or more, or let the pool start with fewer buffers (min-buffers)";
    return explain(std::move(error), {});
}

} // namespace mediaheap::gst
