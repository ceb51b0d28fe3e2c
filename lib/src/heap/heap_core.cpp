// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/heap_core.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/dma-buf.h>
#include <sys/ioctl.h> // the macros that headers of Linux before 5.15 leave to us

#include "base/checked.h"
#include "base/error.h"
#include "base/log.h"
#include "heap/block_state.h"
#include "heap/exhaustion.h"
#include "heap/report.h"
#include "kernel/kernel.h"
#include "soc/violation_log.h"
#include "sources/catalog.h"
#include "sources/simulated.h"

#ifndef DMA_BUF_NAME_LEN // Linux 5.8's headers lack it
#define DMA_BUF_NAME_LEN 32
#endif

namespace mediaheap {

namespace {

constexpr uint64_t defaultSize = uint64_t{256} << 20;
constexpr uint64_t defaultCache = uint64_t{16} << 20;
constexpr uint64_t defaultWait = 2000;
constexpr size_t longestName = DMA_BUF_NAME_LEN - 1;

/// Cut where a UTF-8 character begins: half a character makes a report unreadable.
std::string cutName(const std::string& name) {
    if (name.size() <= longestName)
        return name;
    size_t end = longestName;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80)
        end--;
    return name.substr(0, end);
}

Error refuse(const std::string& wish, const HeapString& string, const std::string& reason,
             const std::string& remedy) {
    return makeError(EOPNOTSUPP, "open source " + string.source, wish + ": " + reason, remedy);
}

Result<void> checkWishes(const HeapString& string, const SourceTraits& traits) {
    if (string.requireDmabuf && !traits.dmabuf)
        return refuse("require=dmabuf", string, "its memory is no DMA-BUF, no driver imports it",
                      "choose udmabuf or a dma-heap; `mediaheap list` shows what works here");
    if (string.cached && *string.cached != traits.cached && !traits.eitherCached)
        return refuse(traits.cached ? "cached=0" : "cached=1", string,
                      traits.cached ? "its CPU mappings are always cached"
                                    : "its CPU mappings are never cached",
                      traits.cached
                          ? "leave cached out: every access is synced, so cached memory is safe to "
                            "share with hardware"
                          : "leave cached out");
    if ((string.line || string.evict) && !traits.simulated)
        return refuse(string.line ? "line" : "evict", string, "its caches are real ones",
                      "leave it out, or rehearse on source simulated");
    if (string.contiguous.value_or(false) && !traits.contiguous)
        return refuse("contiguous=1", string, "its memory is made of scattered pages",
                      "choose a CMA heap such as dma-heap:default_cma_region; `mediaheap list` "
                      "shows whether there is one");
    return {};
}

} // namespace

Result<std::unique_ptr<HeapCore>> HeapCore::open(Kernel& kernel, HeapString string) {
    const uint64_t page = kernel.pageSize();
    const uint64_t memory = kernel.physicalMemory();
    const uint64_t usualSize = std::max(std::min(defaultSize, memory / 4) & ~(page - 1), page);

    const auto size = roundUp(string.size.value_or(usualSize), page);
    if (!size || *size > memory)
        return makeError(EINVAL, "size the zone",
                         "size=" + std::to_string(string.size.value_or(usualSize)) +
                             " is more than this machine's memory of " + formatKib(memory),
                         "ask for less");
    const uint64_t base = string.base.value_or(0);
    if (base % page != 0 || !checkedAdd(base, *size))
        return makeError(EINVAL, "place the zone",
                         "base is no multiple of the page size of " + std::to_string(page) +
                             " bytes, or the zone would end beyond the address space",
                         "give another base");

    const bool sanitize = string.sanitize.value_or(false);
    if (string.stray && !sanitize)
        return refuse("stray", string, "nobody looks for stray accesses without sanitize=1",
                      "add sanitize=1, or leave stray out");

    SourceOptions options;
    options.name = string.name;
    options.size = *size;
    options.zone = string.zone.value_or(HeapString::defaultZone);
    options.prefault = string.prefault.value_or(false);
    options.cached = string.cached;
    options.line = string.line;
    options.evict = string.evict;
    Result<std::unique_ptr<Source>> source = openSource(kernel, string.source, options);
    if (!source)
        return std::move(source).error();
    const SourceTraits& traits = source.value()->traits();
    if (Result<void> fit = checkWishes(string, traits); !fit)
        return std::move(fit).error();

    // Two strings are the same heap when all of this agrees; people want to read only what they
    // would have to write.
    const uint64_t usualCache = std::min(defaultCache, *size / 4);
    HeapString effective = string;
    effective.size = *size;
    effective.zone = options.zone;
    effective.base = base;
    effective.cached = traits.cached;
    effective.contiguous = traits.contiguous;
    effective.requireDmabuf = traits.dmabuf;
    effective.cache = string.cache.value_or(usualCache);
    effective.prefault = options.prefault;
    effective.wait = string.wait.value_or(defaultWait);
    effective.sanitize = sanitize;
    if (sanitize)
        effective.stray = string.stray.value_or(StrayPolicy::Abort);

    HeapString shown = effective;
    if (!traits.eitherCached || traits.cached)
        shown.cached.reset();
    shown.contiguous.reset();
    shown.requireDmabuf = false;
    if (base == 0)
        shown.base.reset();
    if (effective.cache == usualCache)
        shown.cache.reset();
    if (!options.prefault)
        shown.prefault.reset();
    if (effective.wait == defaultWait)
        shown.wait.reset();
    if (!sanitize)
        shown.sanitize.reset();
    if (effective.stray == StrayPolicy::Abort)
        shown.stray.reset();

    if (traits.simulated) {
        effective.line = string.line.value_or(SimulatedSource::defaultLine);
        effective.evict = string.evict.value_or(SimulatedSource::defaultSeed);
    }

    return std::unique_ptr<HeapCore>(
        new HeapCore(kernel, std::move(source).value(), std::move(effective), shown.canonical()));
}

HeapCore::HeapCore(Kernel& kernel, std::unique_ptr<Source> source, HeapString effective,
                   std::string description)
    : kernel_(kernel), traits_(source->traits()), effective_(std::move(effective)),
      description_(std::move(description)), page_(kernel.pageSize()),
      longestWait_(*effective_.wait), guardSettings_{effective_.stray.value_or(StrayPolicy::Abort),
                                                     &strays_},
      violations_(source->violations()), source_(std::move(source)),
      zone_(*effective_.zone, *effective_.base, *effective_.size, page_, traits_.places),
      cache_(*effective_.cache, traits_.places) {}

HeapCore::~HeapCore() = default;

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

Result<HeapCore::Request> HeapCore::check(size_t size, const AllocOptions& options) const {
    const std::string step = "allocate " + std::to_string(size) + " bytes";
    if (size == 0)
        return makeError(EINVAL, step, "a block without memory", "ask for at least one byte");
    if (options.alignment != 0 && !isPowerOfTwo(options.alignment))
        return makeError(EINVAL, step,
                         "alignment " + std::to_string(options.alignment) + " is no power of two");
    const auto rounded = roundUp(size, page_);
    if (!rounded)
        return makeError(EOVERFLOW, step, "no address space holds that many whole pages",
                         "check how the size was computed");
    const bool cached = options.cached.value_or(traits_.cached);
    if (cached != traits_.cached && !traits_.eitherCached)
        return makeError(EOPNOTSUPP, step,
                         traits_.cached ? "this source's CPU mappings are always cached"
                                        : "this source's CPU mappings are never cached",
                         "leave the wish out");
    if (options.contiguous && !traits_.contiguous)
        return makeError(EOPNOTSUPP, step, "this source's memory is made of scattered pages",
                         "open a CMA heap such as dma-heap:default_cma_region");
    if (*rounded <= zone_.size() && *rounded > traits_.largestBlock)
        return makeError(EINVAL, step,
                         "more than this source makes in one piece, " +
                             formatKib(traits_.largestBlock),
                         traits_.largestBlockLimit);
    return Request{*rounded,
                   std::max(options.alignment, page_),
                   cutName(options.name),
                   options.client,
                   options.zero,
                   cached};
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
    const Result<Request> checked = check(size, options);
    if (!checked)
        return checked.error();
    const Request& request = checked.value();
    Result<Placement> placed = place(request);
    if (!placed)
        return std::move(placed).error();

    const uint64_t offset = placed->offset;
    const bool recycled = placed->reused.has_value();
    const bool clean =
        recycled ? !request.zero && request.client != 0 && placed->reused->client == request.client
                 : source_->isFresh(offset, request.size);
    Result<Backing> backing =
        recycled ? Result<Backing>(std::move(*placed->reused)) : makeBacking(request, offset);
    if (!backing) {
        const std::lock_guard lock(mutex_);
        zone_.release(offset);
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

    const std::lock_guard lock(mutex_);
    zone_.attach(offset, block.get());
    recycled_ += recycled ? 1 : 0;
    return block;
}

Result<HeapCore::Placement> HeapCore::place(const Request& request) {
    BlockCache::Doomed doomed; // dropped after the lock
    const std::lock_guard lock(mutex_);
    if (destroyed_)
        return makeError(ENODEV, "allocate " + std::to_string(request.size) + " bytes",
                         "the heap was destroyed", "open it anew");

    auto offset = zone_.reserve(request.size, request.alignment, request.name);
    if (!offset && !quarantine_.isEmpty()) {
        collectFreed(doomed);
        offset = zone_.reserve(request.size, request.alignment, request.name);
    }
    if (!offset)
        return explainExhaustion(zone_, request.size, request.alignment);

    Placement placement;
    placement.offset = *offset;
    placement.reused = cache_.take(*offset, {request.size, request.alignment, request.cached});
    // What the CPU cannot write it cannot clear for its next client.
    if (placement.reused && !placement.reused->isWritable()) {
        doomed.push_back(std::move(*placement.reused));
        placement.reused.reset();
    }
    cache_.evictOverlapping(*offset, request.size, doomed);
    // Where the source does not place, kept memory is memory beside the budget; what is in use and
    // what is kept stay within it together.
    cache_.evictTo(std::min(cache_.bytes(), zone_.size() - zone_.used()), doomed);
    return placement;
}

Result<Backing> HeapCore::makeBacking(const Request& request, uint64_t offset) {
    const auto attempt = [&]() -> Result<Backing> {
        Result<SourceMemory> memory =
            source_->create(offset, request.size, {request.name, request.cached});
        if (!memory)
            return std::move(memory).error();
        return Backing::make(kernel_, std::move(memory).value(), request.size, request.alignment,
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

    // Where nobody can tell who still has the memory, it is never given to anyone else. A place in
    // an arena stays taken for it; elsewhere it goes with its last user.
    const bool keepsPlace =
        holders == Holders::Some || (holders == Holders::Unknown && zone_.places());
    if (keepsPlace && !destroyed_) {
        zone_.markHeld(backing.offset);
        quarantine_.put(std::move(backing));
        return;
    }
    zone_.release(backing.offset);
    if (holders == Holders::None && !destroyed_)
        cache_.put(std::move(backing), doomed);
    else
        doomed.push_back(std::move(backing));
}

void HeapCore::collectFreed(BlockCache::Doomed& doomed) {
    for (Backing& backing : quarantine_.poll()) {
        zone_.release(backing.offset);
        cache_.put(std::move(backing), doomed);
    }
}

Stats HeapCore::statsLocked() const {
    Stats stats;
    stats.size = zone_.size();
    stats.used = zone_.used();
    stats.peak = zone_.peak();
    stats.cached = cache_.bytes();
    stats.held = zone_.held();
    stats.largestFree = std::min<uint64_t>(zone_.largestFree(), traits_.largestBlock);
    stats.blocks = zone_.entries().size();
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
    collectFreed(doomed);
    return statsLocked();
}

std::vector<simulated::Violation> HeapCore::takeViolations(uint64_t device) {
    return violations_ ? violations_->take(device) : std::vector<simulated::Violation>();
}

uint64_t HeapCore::trim() {
    BlockCache::Doomed doomed;
    const std::lock_guard lock(mutex_);
    collectFreed(doomed);
    if (destroyed_)
        return 0;
    cache_.evictTo(0, doomed);
    uint64_t bytes = 0;
    for (const Backing& backing : doomed)
        bytes += backing.size();
    return zone_.places() ? discardGaps(doomed) : bytes;
}

uint64_t HeapCore::discardGaps(BlockCache::Doomed& doomed) {
    // The descriptors go first: pages under a live udmabuf must not be punched out.
    doomed.clear();
    uint64_t bytes = 0;
    zone_.pages().forEachGap([&](uint64_t first, uint64_t pages) {
        bytes += source_->discard(first * page_, pages * page_);
    });
    return bytes;
}

Result<void> HeapCore::destroy() {
    BlockCache::Doomed doomed;
    const std::lock_guard lock(mutex_);
    if (destroyed_)
        return {};
    collectFreed(doomed);
    const uint64_t live =
        static_cast<uint64_t>(std::count_if(zone_.entries().begin(), zone_.entries().end(),
                                            [](const auto& entry) { return !entry.second.held; }));
    if (live > 0)
        return makeError(EBUSY, "destroy the heap",
                         std::to_string(live) + (live == 1 ? " block is" : " blocks are") +
                             " still allocated; " + nameHolders(zone_),
                         "free them first");
    cache_.evictTo(0, doomed);
    for (Backing& backing : quarantine_.takeAll()) {
        zone_.release(backing.offset);
        doomed.push_back(std::move(backing));
    }
    // No block is being made either: it would be in the zone's table.
    source_.reset();
    destroyed_ = true;
    return {};
}

bool HeapCore::isDestroyed() const {
    const std::lock_guard lock(mutex_);
    return destroyed_;
}

Result<void> HeapCore::validate() {
    const std::lock_guard lock(mutex_);
    std::string wrong = zone_.validate();
    uint64_t cached = 0;
    cache_.forEach([&](const Backing& backing) {
        cached += backing.size();
        if (zone_.places() && !zone_.isFree(backing.offset, backing.size()))
            wrong = "kept memory at " + std::to_string(backing.offset) + " lies under a block";
    });
    if (cached != cache_.bytes() || cached > cache_.bound())
        wrong = "the block cache counts " + std::to_string(cache_.bytes()) + " bytes and has " +
                std::to_string(cached);
    uint64_t held = 0;
    quarantine_.forEach([&](const Backing& backing) {
        held += backing.size();
        const auto entry = zone_.entries().find(backing.offset);
        if (entry == zone_.entries().end() || !entry->second.held)
            wrong = "held memory at " + std::to_string(backing.offset) + " is not in the zone";
    });
    if (held != zone_.held())
        wrong = "the quarantine has " + std::to_string(held) + " bytes, the zone counts " +
                std::to_string(zone_.held());
    if (zone_.used() + cached > zone_.size())
        wrong = "memory in use and kept exceed the budget";
    if (wrong.empty())
        return {};
    return makeError(EUCLEAN, "validate the heap", wrong,
                     "please report this with the heap string");
}

std::string HeapCore::report(ReportFormat format) {
    BlockCache::Doomed doomed;
    const std::lock_guard lock(mutex_);
    collectFreed(doomed);
    if (format == ReportFormat::Text)
        return reportText(zone_);
    return reportJson(description_, traits_, zone_, statsLocked());
}

} // namespace mediaheap
