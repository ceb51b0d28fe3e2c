// SPDX-License-Identifier: LGPL-2.1-or-later
#include <mediaheap/block.h>

#include <utility>

#include "base/log.h"
#include "heap/block_state.h"

namespace mediaheap {

Block::Block() noexcept = default;
Block::Block(Block&&) noexcept = default;

Block::Block(std::shared_ptr<BlockState> state) noexcept : state_(std::move(state)) {}

Block& Block::operator=(Block&& other) noexcept {
    if (this != &other) {
        reset();
        state_ = std::move(other.state_);
    }
    return *this;
}

Block::~Block() { reset(); }

size_t Block::size() const noexcept { return state_->backing().size(); }

uint64_t Block::address() const noexcept { return state_->address(); }

const std::string& Block::name() const noexcept { return state_->name(); }

bool Block::isCached() const noexcept { return state_->isCached(); }

bool Block::isDmaBuf() const noexcept { return state_->isDmaBuf(); }

bool Block::isWritable() const noexcept { return state_->backing().isWritable(); }

int Block::fd() const noexcept { return state_->backing().fd(); }

Result<UniqueFd> Block::exportFd() const { return state_->exportFd(); }

Result<UniqueFd> Block::exportReadOnlyFd() const { return state_->exportReadOnlyFd(); }

void* Block::data() const noexcept { return state_->backing().data(); }

Result<void> Block::beginAccess(Access access) const { return state_->beginAccess(access); }

Result<void> Block::endAccess() const { return state_->endAccess(); }

std::string Block::describeOpenAccesses() const { return state_->describeOpeners(); }

Result<void> Block::beginAccess(Access access, size_t offset, size_t length) const {
    return state_->beginAccess(access, {offset, length});
}

Result<void> Block::flush(size_t offset, size_t length) const {
    return state_->flush({offset, length});
}

Result<void> Block::maintainCaches(Access access, size_t offset, size_t length) const {
    return state_->maintainCaches(access, {offset, length});
}

Result<Mapping> Block::map(Access access) const { return map(access, 0, size()); }

Result<Mapping> Block::map(Access access, size_t offset, size_t length) const {
    if (Result<void> begun = state_->beginAccess(access, {offset, length}); !begun)
        return std::move(begun).error();
    return Mapping(state_, access, offset, length);
}

Result<void> Block::importFence(UniqueFd fence, Access access) const {
    return state_->importFence(std::move(fence), access);
}

Result<UniqueFd> Block::exportFence(Access access) const { return state_->exportFence(access); }

bool Block::isIdle(Access access) const {
    const Result<bool> idle = state_->waitUntilIdle(access, std::chrono::milliseconds::zero());
    return idle && idle.value();
}

Result<bool> Block::waitUntilIdle(Access access, std::chrono::milliseconds longest) const {
    return state_->waitUntilIdle(access, longest);
}

SyncCounts Block::syncStats() const noexcept {
    const SyncStats& stats = state_->syncStats();
    return {stats.issued, stats.saved, stats.bytes};
}

void Block::forgetContents() const noexcept { state_->backing().side().beginLife(name()); }

void Block::reset() {
    // A Mapping shares the state; the last one's end gives the memory back.
    if (state_ && state_.use_count() > 1 && state_->openAccesses() > 0)
        log(LogLevel::Warning, "block '" + state_->name() +
                                   "' was dropped while it is mapped; its memory goes back when "
                                   "the last mapping ends" +
                                   state_->describeOpeners());
    state_.reset();
}

Mapping::Mapping() noexcept = default;
Mapping::Mapping(Mapping&&) noexcept = default;

Mapping::Mapping(std::shared_ptr<BlockState> state, Access access, size_t offset,
                 size_t size) noexcept
    : state_(std::move(state)), access_(access), offset_(offset), size_(size) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    if (this != &other) {
        Mapping ended(std::move(*this));
        state_ = std::move(other.state_);
        access_ = other.access_;
        offset_ = other.offset_;
        size_ = other.size_;
    }
    return *this;
}

Mapping::~Mapping() {
    if (Result<void> ended = end(); !ended)
        log(LogLevel::Warning, ended.error().message());
}

void* Mapping::data() const noexcept {
    return state_ ? static_cast<char*>(state_->backing().data()) + offset_ : nullptr;
}

size_t Mapping::size() const noexcept { return state_ ? size_ : 0; }

Result<void> Mapping::end() {
    if (!state_)
        return {};
    const std::shared_ptr<BlockState> state = std::move(state_);
    return state->endAccess();
}

} // namespace mediaheap
