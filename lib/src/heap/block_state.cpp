// SPDX-License-Identifier: LGPL-2.1-or-later
#include "heap/block_state.h"

#include <cerrno>
#include <utility>

#include <mediaheap/heap.h>

#include "base/error.h"
#include "base/log.h"
#include "heap/heap_core.h"
#include "kernel/kernel.h"
#include "kernel/retry.h"

namespace mediaheap {

BlockState::BlockState(std::shared_ptr<Heap> heap, HeapCore& core, Backing backing,
                       std::string name)
    : heap_(std::move(heap)), core_(core), backing_(std::move(backing)), name_(std::move(name)),
      accesses_(backing_.side(), core.syncStats(), core.longestWait()),
      exported_(backing_.exported) {}

BlockState::~BlockState() {
    if (const unsigned open = accesses_.open()) {
        log(LogLevel::Warning, "block '" + name_ + "' of heap '" + core_.description() +
                                   "' was freed with " + std::to_string(open) +
                                   " CPU accesses open; they are ended now");
        while (accesses_.open())
            (void)accesses_.end().ok();
    }
    backing_.exported = exported_;
    core_.giveBack(std::move(backing_));
}

uint64_t BlockState::address() const noexcept { return *core_.effective().base + backing_.offset; }

bool BlockState::isCached() const noexcept { return backing_.cached; }

Result<UniqueFd> BlockState::exportFd() {
    const int copy = uninterrupted([&] { return core_.kernel().duplicate(backing_.fd()); });
    if (copy < 0) {
        Error error = makeError(-copy, "export block '" + name_ + "'", {},
                                "close descriptors or raise the limit (ulimit -n)");
        error.heap = core_.description();
        return error;
    }
    exported_ = true;
    return UniqueFd(copy);
}

Result<void> BlockState::beginAccess(Access access, ByteRange range) {
    Error error;
    if (range.size == 0 || range.offset >= backing_.size() ||
        range.size > backing_.size() - range.offset)
        error = makeError(EINVAL, "map",
                          std::to_string(range.size) + " bytes at " + std::to_string(range.offset) +
                              " are not a part of its " + std::to_string(backing_.size()),
                          "ask for at least one byte, and none beyond its end");
    else if (includes(access, Access::Write) && !backing_.isWritable())
        error = makeError(EACCES, "map for writing",
                          "the system allowed no more than a mapping for reading",
                          "map it with Access::Read");
    else if (Result<void> begun = accesses_.begin(access, range); begun)
        return begun;
    else
        error = std::move(begun).error();
    error.step = "block '" + name_ + "': " + error.step;
    error.heap = core_.description();
    return error;
}

Result<void> BlockState::endAccess() {
    Result<void> ended = accesses_.end();
    if (ended)
        return ended;
    Error error = std::move(ended).error();
    error.step = "block '" + name_ + "': " + error.step;
    error.heap = core_.description();
    return error;
}

} // namespace mediaheap
