// SPDX-License-Identifier: LGPL-2.1-or-later
#include <mediaheap/heap.h>

#include <atomic>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "heap/auto_choice.h"
#include "heap/block_state.h"
#include "heap/default_heap.h"
#include "heap/foreign_memory.h"
#include "heap/heap_core.h"
#include "heap/heap_registry.h"
#include "heap/heap_string.h"
#include "kernel/kernel.h"

namespace mediaheap {

namespace {

Error named(Error error, std::string_view heap) {
    error.heap = heap.empty() ? "(empty)" : std::string(heap);
    return error;
}

} // namespace

Result<std::shared_ptr<Heap>> Heap::openOne(const HeapString& wanted,
                                            std::vector<SourceInfo> passedOver) {
    return HeapRegistry::instance().open(wanted, [&]() -> Result<std::shared_ptr<Heap>> {
        Result<std::unique_ptr<HeapCore>> core = HeapCore::open(Kernel::current(), wanted);
        if (!core)
            return std::move(core).error();
        core.value()->passedOver = std::move(passedOver);
        return std::shared_ptr<Heap>(new Heap(std::move(core).value()));
    });
}

Result<std::shared_ptr<Heap>> Heap::openAuto(const HeapString& wanted) {
    Result<std::vector<HeapString>> candidates = autoCandidates(Kernel::current(), wanted);
    if (!candidates)
        return std::move(candidates).error();

    std::vector<SourceInfo> passedOver;
    std::string reasons;
    for (const HeapString& candidate : candidates.value()) {
        Result<std::shared_ptr<Heap>> heap = openOne(candidate, passedOver);
        // A contradiction is the program's own doing; another source would hide it.
        if (heap || heap.error().code == EBUSY || candidates->size() == 1)
            return heap;
        SourceInfo info =
            describeSource({candidate.source, candidate.name, {}, /*automatic=*/true});
        info.reason = heap.error().message();
        reasons += (reasons.empty() ? "" : "; ") + info.heap + ": " + info.reason;
        passedOver.push_back(std::move(info));
    }
    return makeError(ENODEV, "choose a source", "none works here: " + reasons,
                     std::string("mend one of these, or name a source in the heap string or in ") +
                         defaultHeapVariable);
}

Result<std::shared_ptr<Heap>> Heap::open(std::string_view string) {
    Result<HeapString> wanted = HeapString::parse(string);
    if (!wanted)
        return named(std::move(wanted).error(), string);
    if (Result<void> loaded = wanted->loadZones(Kernel::current()); !loaded)
        return named(std::move(loaded).error(), string);
    Result<std::shared_ptr<Heap>> heap =
        wanted->source == "auto" ? openAuto(wanted.value()) : openOne(wanted.value(), {});
    if (heap)
        return heap;
    Error error = named(std::move(heap).error(), string);
    if (error.code == ENOENT)
        error.remedy += "; `mediaheap list` shows every source";
    return error;
}

std::vector<SourceInfo> Heap::sources() { return probeSources(Kernel::current()); }

Heap::Heap(std::unique_ptr<HeapCore> core) : core_(std::move(core)) {}

Heap::~Heap() = default;

const std::string& Heap::description() const noexcept { return core_->description(); }

const std::vector<SourceInfo>& Heap::passedOver() const noexcept { return core_->passedOver; }

bool Heap::isDmaBuf() const noexcept { return core_->traits().dmabuf; }

bool Heap::hasDescriptors() const noexcept { return core_->traits().descriptors; }

bool Heap::isCached() const noexcept { return core_->traits().cached; }

bool Heap::isContiguous() const noexcept { return core_->traits().contiguous; }

bool Heap::addressesAreLabels() const noexcept { return !core_->traits().physical; }

bool Heap::isDestroyed() const noexcept { return core_->isDestroyed(); }

std::chrono::milliseconds Heap::longestWait() const noexcept { return core_->longestWait(); }

Result<void> Heap::checkShared(const HeapString& wanted) const {
    return core_->checkShared(wanted);
}

uint64_t Heap::newClient() noexcept {
    static std::atomic<uint64_t> last{0};
    return ++last;
}

Result<Block> Heap::allocate(size_t size, const AllocOptions& options) {
    Result<std::shared_ptr<BlockState>> block = core_->allocate(shared_from_this(), size, options);
    if (!block)
        return named(std::move(block).error(), description());
    return Block(std::move(block).value());
}

Result<Block> Heap::wrap(UniqueFd fd, size_t size, const std::string& name) {
    Result<Backing> backing = wrapForeignMemory(*core_, std::move(fd), size);
    if (!backing)
        return named(std::move(backing).error(), description());
    return Block(std::make_shared<BlockState>(
        shared_from_this(), *core_, std::move(backing).value(), name.empty() ? "wrapped" : name));
}

Stats Heap::stats() const { return core_->stats(); }

std::vector<simulated::Violation> Heap::takeViolations(uint64_t device) {
    return core_->takeViolations(device);
}

uint64_t Heap::trim() { return core_->trim(); }

Result<void> Heap::destroy() {
    Result<void> destroyed = core_->destroy();
    if (!destroyed)
        return named(std::move(destroyed).error(), description());
    return destroyed;
}

Result<void> Heap::validate() const {
    Result<void> valid = core_->validate();
    if (!valid)
        return named(std::move(valid).error(), description());
    return valid;
}

std::string Heap::report(ReportFormat format) const { return core_->report(format); }

} // namespace mediaheap
