// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/heap_core.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/dma-buf.h>
#include <sys/ioctl.h> // the macros that headers of Linux before 5.15 leave to us
#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "base/log.h"
#include "heap/block_state.h"
#include "heap/exhaustion.h"
#include "heap/heap_opening.h"
#include "heap/publishing.h"
#include "heap/report.h"
#include "kernel/file_system.h"
#include "kernel/kernel.h"
#include "soc/violation_log.h"

namespace mediaheap {

namespace {

std::vector<Zone::Setup> zonesOf(const HeapString& effective, const SourceTraits& traits) {
    if (effective.mmz)
        return effective.mmz->setups();
    Zone::Setup zone;
    zone.name = *effective.zone;
    zone.base = *effective.base;
    zone.size = *effective.size;
    zone.bounded = traits.places;
    return {zone};
}

} // namespace

Result<std::unique_ptr<HeapCore>> HeapCore::open(Kernel& kernel, const HeapString& string) {
    Result<HeapOpening> opening = openHeap(kernel, string);
    if (!opening)
        return std::move(opening).error();
    std::unique_ptr<HeapCore> core(new HeapCore(kernel, std::move(opening).value()));
    core->publish();
    return core;
}

HeapCore::HeapCore(Kernel& kernel, HeapOpening opening)
    : kernel_(kernel), traits_(opening.source->traits()), effective_(std::move(opening.effective)),
      description_(std::move(opening.description)), page_(kernel.pageSize()),
      longestWait_(*effective_.wait), guardSettings_{effective_.stray.value_or(StrayPolicy::Abort),
                                                     &strays_},
      violations_(opening.source->violations()), source_(std::move(opening.source)),
      store_(ZoneSet(zonesOf(effective_, traits_), page_), *effective_.cache, traits_.places) {}

HeapCore::~HeapCore() = default;

void HeapCore::publish() {
    table_ = openTable(kernel_, FileSystem::current(), description_, traits_, store_.zones(),
                       *effective_.offer);
    if (table_)
        store_.publish(table_.get());
    if (!*effective_.offer)
        return;
    offer_ = openOffer(kernel_, FileSystem::current(), table_.get(),
                       [this](OfferOperation operation) -> Result<HeapOffer::Answer> {
                           const uint64_t bytes = trim();
                           if (operation == OfferOperation::Trim)
                               return HeapOffer::Answer{bytes};
                           if (Result<void> destroyed = destroy(); !destroyed)
                               return std::move(destroyed).error();
                           return HeapOffer::Answer{bytes};
                       });
}

Result<void> HeapCore::checkShared(const HeapString& wanted) const {
    if (Result<void> fit = checkWishes(wanted, traits_); !fit)
        return fit;
    HeapString rounded = wanted;
    if (wanted.size)
        rounded.size = roundUp<uint64_t>(*wanted.size, page_).value_or(*wanted.size);
    auto key = rounded.contradiction(effective_);
    if (wanted.cached && *wanted.cached != traits_.cached)
        key = "cached";
    if (!key)
        return {};
    return makeError(EBUSY, "open the heap",
                     "this process has it open as '" + description_ +
                         "', and the two disagree on " + *key,
                     "use that string, leave the key out to share the heap, or give this one a "
                     "zone= of its own");
}

Result<std::shared_ptr<BlockState>> HeapCore::allocate(std::shared_ptr<Heap> heap, size_t size,
                                                       const AllocOptions& options) {
    Result<std::shared_ptr<BlockState>> block = tryAllocate(std::move(heap), size, options);
    const std::lock_guard lock(mutex_);
    if (block)
        allocations_++;
    else
        failures_++;
    return block;
}

Result<std::shared_ptr<BlockState>> HeapCore::tryAllocate(std::shared_ptr<Heap> heap, size_t size,
                                                          const AllocOptions& options) {
    const Result<BlockRequest> checked = checkRequest(size, options, traits_, store_.zones());
    if (!checked)
        return checked.error();
    const BlockRequest& request = checked.value();
    Result<HeapStore::Placement> placed = place(request);
    if (!placed)
        return std::move(placed).error();

    const uint64_t offset = placed->offset;
    const size_t taken = placed->size;
    const bool recycled = placed->reused.has_value();
    const bool clean =
        recycled ? !request.zero && request.client != 0 && placed->reused->client == request.client
                 : source_->isFresh(offset, taken);
    Result<Backing> backing = recycled ? Result<Backing>(std::move(*placed->reused))
                                       : makeBacking(request, offset, taken);
    if (!backing) {
        const std::lock_guard lock(mutex_);
        store_.abandon(offset);
        return std::move(backing).error();
    }
    backing->client = request.client;
    backing->side().beginLife(request.name);
    nameBuffer(*backing, request.name);

    auto block = std::make_shared<BlockState>(std::move(heap), *this, std::move(backing).value(),
                                              request.name);
    if (!clean) {
        // Dropping the block on failure gives the memory back like any other.
        if (Result<void> begun = block->beginAccess(Access::Write); !begun)
            return std::move(begun).error();
        std::memset(block->backing().data(), 0, block->backing().size());
        if (Result<void> ended = block->endAccess(); !ended)
            return std::move(ended).error();
    }

    if (request.manual) {
        if (Result<void> begun = block->beginManual(); !begun)
            return std::move(begun).error();
    }

    const std::lock_guard lock(mutex_);
    store_.attach(offset, block.get());
    block->setSlot(store_.slotOf(offset));
    recycled_ += recycled ? 1 : 0;
    return block;
}

Result<HeapStore::Placement> HeapCore::place(const BlockRequest& request) {
    BlockCache::Doomed doomed; // dropped after the lock
    const std::lock_guard lock(mutex_);
    if (destroyed_)
        return makeError(ENODEV, "allocate " + std::to_string(request.size) + " bytes",
                         gone_ ? "the heap was destroyed, its memory belongs to the system now"
                               : "the heap was destroyed",
                         gone_ ? "reboot: it cannot be set up again before" : "open it anew");
    return store_.place(request, doomed);
}

Result<Backing> HeapCore::makeBacking(const BlockRequest& request, uint64_t offset, size_t size) {
    const auto attempt = [&]() -> Result<Backing> {
        Result<SourceMemory> memory =
            source_->create(offset, size, {request.name, request.cached, request.alignment});
        if (!memory)
            return std::move(memory).error();
        return Backing::make(kernel_, std::move(memory).value(), size, request.alignment,
                             *effective_.sanitize ? &guardSettings_ : nullptr);
    };

    Result<Backing> backing = attempt();
    if (!backing && trim() > 0)
        backing = attempt();
    if (backing) {
        backing->offset = offset;
        backing->cached = request.cached;
    }
    return backing;
}

void HeapCore::nameBuffer(Backing& backing, const std::string& name) {
    // A recycled buffer must not go on under its last user's name.
    if (!traits_.dmabuf || name == backing.name)
        return;
    const int named =
        kernel_.ioctl(backing.fd(), DMA_BUF_SET_NAME, const_cast<char*>(name.c_str()));
    if (named < 0)
        log(LogLevel::Debug, "name a DMA-BUF '" + name + "': " + errnoText(-named));
    else
        backing.name = name;
}

void HeapCore::giveBack(Backing backing) {
    const Holders holders = backing.holders();
    BlockCache::Doomed doomed;
    const std::lock_guard lock(mutex_);
    store_.giveBack(std::move(backing), holders, /*forGood=*/destroyed_, doomed);
}

Stats HeapCore::statsLocked() const {
    Stats stats;
    const ZoneSet& zones = store_.zones();
    stats.size = zones.size();
    stats.used = zones.used();
    stats.peak = zones.peak();
    stats.cached = store_.cachedBytes();
    stats.held = zones.held();
    stats.largestFree = std::min<uint64_t>(zones.largestFree(), traits_.largestBlock);
    stats.blocks = zones.blocks();
    stats.allocations = allocations_;
    stats.recycled = recycled_;
    stats.failures = failures_;
    stats.syncs = syncStats_.issued;
    stats.syncsSaved = syncStats_.saved;
    stats.bytesSynced = syncStats_.bytes;
    stats.strayAccesses = strays_;
    stats.violations = violations_ ? violations_->total() : 0;
    return stats;
}

Stats HeapCore::stats() {
    BlockCache::Doomed doomed;
    const std::lock_guard lock(mutex_);
    store_.collectFreed(doomed);
    return statsLocked();
}

std::vector<simulated::Violation> HeapCore::takeViolations(uint64_t device) {
    return violations_ ? violations_->take(device) : std::vector<simulated::Violation>();
}

uint64_t HeapCore::trim() {
    BlockCache::Doomed doomed;
    const std::lock_guard lock(mutex_);
    store_.collectFreed(doomed);
    if (destroyed_)
        return 0;
    store_.emptyCache(doomed);
    uint64_t bytes = 0;
    for (const Backing& backing : doomed)
        bytes += backing.size();
    return traits_.places ? discardGaps(doomed) : bytes;
}

uint64_t HeapCore::discardGaps(BlockCache::Doomed& doomed) {
    // The descriptors go first: pages under a live udmabuf must not be punched out.
    doomed.clear();
    uint64_t bytes = 0;
    for (const auto& zone : store_.zones().zones())
        zone->forEachGap(
            [&](uint64_t offset, uint64_t size) { bytes += source_->discard(offset, size); });
    return bytes;
}

Result<void> HeapCore::destroy() {
    BlockCache::Doomed doomed;
    const std::lock_guard lock(mutex_);
    if (destroyed_)
        return {};
    store_.collectFreed(doomed);
    const uint64_t live = store_.zones().live();
    if (live > 0)
        return makeError(EBUSY, "destroy the heap",
                         std::to_string(live) + (live == 1 ? " block is" : " blocks are") +
                             " still allocated; " + nameHolders(store_.zones().matching({})),
                         "free them first");
    store_.emptyCache(doomed);
    store_.leaveHeld(doomed);
    doomed.clear(); // a node gives its memory back when every piece is there
    const Result<bool> gone = source_->destroy();
    if (!gone)
        return gone.error();
    gone_ = gone.value();
    if (gone_)
        log(LogLevel::Info, "heap '" + description_ +
                                "' was destroyed, and gives nobody memory "
                                "until the machine reboots");
    // No block is being made either: it would be in the zone's table.
    source_.reset();
    store_.publish(nullptr);
    table_.reset();
    destroyed_ = true;
    return {};
}

bool HeapCore::isDestroyed() const {
    const std::lock_guard lock(mutex_);
    return destroyed_;
}

Result<void> HeapCore::validate() {
    const std::lock_guard lock(mutex_);
    const std::string wrong = store_.validate();
    if (wrong.empty())
        return {};
    return makeError(EUCLEAN, "validate the heap", wrong,
                     "please report this with the heap string");
}

std::string HeapCore::report(ReportFormat format) {
    BlockCache::Doomed doomed;
    const std::lock_guard lock(mutex_);
    store_.collectFreed(doomed);
    if (format == ReportFormat::Text)
        return reportText(store_.zones());
    return reportJson(description_, traits_, store_.zones(), statsLocked());
}

} // namespace mediaheap
