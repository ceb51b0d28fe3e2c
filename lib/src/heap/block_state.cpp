// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/block_state.h"

#include <cerrno>
#include <utility>

#include <mediaheap/heap.h>

#include "base/error.h"
#include "base/log.h"
#include "heap/heap_core.h"
#include "heap/read_only_export.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"

namespace mediaheap {

BlockState::BlockState(std::shared_ptr<Heap> heap, HeapCore& core, Backing backing,
                       std::string name)
    : heap_(std::move(heap)), core_(core), backing_(std::move(backing)), name_(std::move(name)),
      trace_(core.tracesAccesses() ? std::make_unique<AccessTrace>(backing_.guard()) : nullptr),
      accesses_(backing_.side(), core.syncStats(), core.longestWait(), trace_.get()),
      exported_(backing_.exported) {
    if (backing_.guard())
        backing_.guard()->lend(name_, core.description());
}

BlockState::~BlockState() {
    if (manual_) {
        if (Result<void> ended = accesses_.endManual(); !ended)
            log(LogLevel::Warning, named(std::move(ended).error()).message());
    }
    if (const unsigned open = accesses_.open()) {
        log(LogLevel::Warning, "block '" + name_ + "' of heap '" + core_.description() +
                                   "' was freed with " + std::to_string(open) +
                                   " CPU accesses open, which end now" + describeOpeners());
        while (accesses_.open())
            (void)endAccess().ok();
    }
    if (backing_.guard())
        backing_.guard()->takeBack();
    if (backing_.foreign)
        return;
    backing_.exported = exported_;
    core_.giveBack(std::move(backing_));
}

std::string BlockState::describeOpeners() const {
    if (accesses_.open() == 0)
        return {};
    if (!trace_)
        return "; with sanitize=1 in the heap string this would say who opened them";
    std::string text;
    for (const AccessRecord& record : trace_->open())
        text += "\n" + record.text();
    return text;
}

uint64_t BlockState::address() const noexcept {
    if (backing_.foreign)
        return 0;
    return backing_.address().value_or(core_.addressOf(backing_.offset));
}

bool BlockState::isDmaBuf() const noexcept {
    return backing_.foreign ? backing_.side().needsSync() : core_.traits().dmabuf;
}

bool BlockState::isCached() const noexcept { return backing_.cached; }

Result<UniqueFd> BlockState::exportFd() {
    if (backing_.fd() < 0)
        return named(makeError(EOPNOTSUPP, "export the descriptor",
                               "there is none: this source's driver knows its memory by physical "
                               "address alone",
                               "give Block::address() to who needs it, or choose a source of "
                               "DMA-BUFs"));
    const int copy = uninterrupted([&] { return core_.kernel().duplicate(backing_.fd()); });
    if (copy < 0)
        return named(makeError(-copy, "export the descriptor", {},
                               "close descriptors or raise the limit (ulimit -n)"));
    exported_ = true;
    return UniqueFd(copy);
}

Result<UniqueFd> BlockState::exportReadOnlyFd() {
    Result<UniqueFd> exported = exportReadOnly(core_.kernel(), backing_.fd(), isDmaBuf());
    if (!exported)
        return named(std::move(exported).error());
    exported_ = true;
    return exported;
}

Error BlockState::named(Error error) const {
    error.step = "block '" + name_ + "': " + error.step;
    error.heap = core_.description();
    return error;
}

Result<void> BlockState::importFence(UniqueFd fence, Access access) {
    Result<void> imported = backing_.side().importFence(std::move(fence), access);
    return imported ? std::move(imported) : named(std::move(imported).error());
}

Result<UniqueFd> BlockState::exportFence(Access access) {
    Result<UniqueFd> fence = backing_.side().exportFence(access);
    return fence ? std::move(fence) : named(std::move(fence).error());
}

Result<bool> BlockState::waitUntilIdle(Access access, std::chrono::milliseconds longest) {
    Result<bool> idle = backing_.side().waitUntilIdle(access, longest);
    return idle ? std::move(idle) : named(std::move(idle).error());
}

Result<void> BlockState::checkRange(const char* step, ByteRange range) const {
    if (range.size != 0 && range.offset < backing_.size() &&
        range.size <= backing_.size() - range.offset)
        return {};
    return makeError(EINVAL, step,
                     std::to_string(range.size) + " bytes at " + std::to_string(range.offset) +
                         " are not a part of its " + std::to_string(backing_.size()),
                     "ask for at least one byte, and none beyond its end");
}

Result<void> BlockState::beginManual() {
    Result<void> begun = accesses_.beginManual(backing_.size());
    manual_ = begun.ok();
    return begun ? std::move(begun) : named(std::move(begun).error());
}

Result<void> BlockState::flush(ByteRange range) {
    Result<void> flushed = checkRange("flush", range);
    if (flushed)
        flushed = accesses_.flush(range);
    return flushed ? std::move(flushed) : named(std::move(flushed).error());
}

Result<void> BlockState::beginAccess(Access access, ByteRange range) {
    Error error;
    if (Result<void> fits = checkRange("map", range); !fits)
        error = std::move(fits).error();
    else if (includes(access, Access::Write) && !backing_.isWritable())
        error = makeError(EACCES, "map for writing",
                          "the system allowed no more than a mapping for reading",
                          "map it with Access::Read");
    else if (Result<void> begun = accesses_.begin(access, range); begun) {
        core_.countAccess(slot_, 1);
        return begun;
    } else
        error = std::move(begun).error();
    return named(std::move(error));
}

Result<void> BlockState::maintainCaches(Access access, ByteRange range) {
    Result<void> maintained = checkRange("maintain the caches", range);
    if (maintained)
        maintained = accesses_.maintain(access, range);
    return maintained ? std::move(maintained) : named(std::move(maintained).error());
}

Result<void> BlockState::endAccess() {
    const bool any = accesses_.open() > 0;
    Result<void> ended = accesses_.end();
    if (any)
        core_.countAccess(slot_, -1);
    return ended ? std::move(ended) : named(std::move(ended).error());
}

} // namespace mediaheap
