// SPDX-License-Identifier: LGPL-2.1-or-later
#include "steps.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "raw_mapping.h"
#include "refusal.h"

namespace mediaheap::tool {

namespace {

constexpr uint64_t usualPiece = uint64_t{256} << 10;
constexpr size_t exhaustingBlocks = 8;
constexpr size_t mostBlocks = 4096;

AllocOptions named(std::string name) {
    AllocOptions options;
    options.name = std::move(name);
    return options;
}

/// Bytes that repeat nowhere within a page.
uint8_t patternAt(size_t offset) { return static_cast<uint8_t>(offset * 31 + (offset >> 8) * 7); }

Result<void> writePattern(const Block& block) {
    Result<Mapping> mapping = block.map(Access::Write);
    if (!mapping)
        return std::move(mapping).error();
    auto* const bytes = static_cast<uint8_t*>(mapping->data());
    for (size_t i = 0; i < block.size(); i++)
        bytes[i] = patternAt(i);
    return mapping->end();
}

/// How many bytes are not those of the pattern.
template <typename Bytes> size_t countWrong(const Bytes* bytes, size_t size) {
    size_t wrong = 0;
    for (size_t i = 0; i < size; i++)
        wrong += bytes[i] != patternAt(i) ? 1 : 0;
    return wrong;
}

Result<size_t> countNonZero(const Block& block) {
    Result<Mapping> mapping = block.map(Access::Read);
    if (!mapping)
        return std::move(mapping).error();
    const auto* const bytes = static_cast<const uint8_t*>(mapping->data());
    const auto found = static_cast<size_t>(
        std::count_if(bytes, bytes + block.size(), [](uint8_t b) { return b; }));
    if (Result<void> ended = mapping->end(); !ended)
        return std::move(ended).error();
    return found;
}

std::string bytesText(uint64_t bytes) { return std::to_string(bytes) + " bytes"; }

} // namespace

size_t Bench::piece(uint64_t bytes) const {
    const Stats stats = heap->stats();
    return static_cast<size_t>(std::max<uint64_t>(std::min(bytes, stats.largestFree / 4), 1));
}

Step checkAllocation(const Bench& bench) {
    Result<Block> block = bench.heap->allocate(bench.piece(usualPiece), named("selftest-allocate"));
    if (!block)
        return Step::failed("allocate", block.error().message());
    Result<size_t> dirty = countNonZero(*block);
    if (!dirty)
        return Step::failed("allocate", dirty.error().message());
    if (*dirty != 0)
        return Step::blemished("allocate", std::to_string(*dirty) +
                                               " bytes of a fresh block are not "
                                               "zero: somebody else's data");
    return Step::ok("allocate", bytesText(block->size()) + ", all zero");
}

Step checkMapping(const Bench& bench) {
    Result<Block> block = bench.heap->allocate(bench.piece(usualPiece), named("selftest-map"));
    if (!block)
        return Step::failed("map", block.error().message());
    if (Result<void> written = writePattern(*block); !written)
        return Step::failed("map", written.error().message());
    Result<Mapping> mapping = block->map(Access::Read);
    if (!mapping)
        return Step::failed("map", mapping.error().message());
    const size_t wrong = countWrong(static_cast<const uint8_t*>(mapping->data()), mapping->size());
    if (Result<void> ended = mapping->end(); !ended)
        return Step::failed("map", ended.error().message());
    if (wrong != 0)
        return Step::failed("map", std::to_string(wrong) + " bytes are not as they were written");
    return Step::ok("map", "written and read back, " + bytesText(block->size()));
}

Step checkSync(const Bench& bench) {
    Result<Block> block = bench.heap->allocate(bench.piece(usualPiece), named("selftest-sync"));
    if (!block)
        return Step::failed("sync", block.error().message());
    const SyncCounts before = block->syncStats();
    {
        Result<Mapping> outer = block->map(Access::ReadWrite);
        if (!outer)
            return Step::failed("sync", outer.error().message());
        Result<Mapping> inner = block->map(Access::Read);
        if (!inner)
            return Step::failed("sync", inner.error().message());
        for (Mapping* const mapping : {&*inner, &*outer}) {
            if (Result<void> ended = mapping->end(); !ended)
                return Step::failed("sync", ended.error().message());
        }
    }
    const SyncCounts after = block->syncStats();
    const uint64_t issued = after.issued - before.issued;
    const uint64_t saved = after.saved - before.saved;
    if (issued == 0 && !bench.heap->isDmaBuf())
        return Step::notPossible("sync", "this memory needs none: no device can reach it");
    const std::string counts = std::to_string(issued) +
                               " syncs for an access with another inside, " +
                               std::to_string(saved) + " saved";
    return issued == 2 ? Step::ok("sync", counts) : Step::failed("sync", counts + "; 2 are right");
}

Step checkExport(const Bench& bench) {
    Result<Block> block = bench.heap->allocate(bench.piece(usualPiece), named("selftest-export"));
    if (!block)
        return Step::failed("export", block.error().message());
    if (Result<void> written = writePattern(*block); !written)
        return Step::failed("export", written.error().message());
    Result<UniqueFd> fd = block->exportFd();
    if (!fd)
        return Step::failed("export", fd.error().message());
    if ((::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) == 0)
        return Step::failed("export", "the descriptor would leak into programs that are started");
    Result<RawMapping> view = RawMapping::map(fd->get(), block->size(), bench.heap->isDmaBuf());
    if (!view)
        return Step::failed("export", view.error().message());
    if (Result<void> begun = view->begin(); !begun)
        return Step::failed("export", begun.error().message());
    const size_t wrong = countWrong(view->data(), view->size());
    if (Result<void> ended = view->end(); !ended)
        return Step::failed("export", ended.error().message());
    if (wrong != 0)
        return Step::failed("export", std::to_string(wrong) +
                                          " bytes differ through the exported descriptor");
    return Step::ok("export", "the descriptor shows what was written, " + bytesText(view->size()));
}

Step checkRecycling(const Bench& bench) {
    const size_t size = bench.piece(usualPiece);
    bench.heap->trim();
    {
        Result<Block> first = bench.heap->allocate(size, named("selftest-first"));
        if (!first)
            return Step::failed("recycle", first.error().message());
        if (Result<void> written = writePattern(*first); !written)
            return Step::failed("recycle", written.error().message());
    }
    const Stats before = bench.heap->stats();
    Result<Block> second = bench.heap->allocate(size, named("selftest-second"));
    if (!second)
        return Step::failed("recycle", second.error().message());
    const bool recycled = bench.heap->stats().recycled > before.recycled;
    Result<size_t> dirty = countNonZero(*second);
    if (!dirty)
        return Step::failed("recycle", dirty.error().message());
    if (*dirty != 0)
        return Step::failed("recycle", std::to_string(*dirty) + " bytes of another client's data");
    if (recycled)
        return Step::ok("recycle", "a freed block came again, cleared for its next client");
    const std::string fresh = "the freed block did not come again; another did, cleared";
    if (before.cached == 0 && before.held == 0)
        return Step::notPossible("recycle", fresh + ": the heap keeps less than one, as cache= in "
                                                    "its string has it");
    return Step::failed("recycle", fresh);
}

Step checkExhaustion(const Bench& bench) {
    const Stats before = bench.heap->stats();
    if (before.size > bench.limit)
        return Step::notPossible("exhaust", "the zone has " + bytesText(before.size) +
                                                ", more than --limit allows to take, " +
                                                bytesText(bench.limit));
    std::vector<Block> blocks;
    const auto size =
        static_cast<size_t>(std::max<uint64_t>(before.largestFree / exhaustingBlocks, 1));
    // Of no other: the heap string may declare blocks of any name.
    const std::string name = "selftest-exhaust-" + std::to_string(::getpid());
    Error refusal;
    while (refusal.code == 0 && blocks.size() < mostBlocks) {
        Result<Block> block = bench.heap->allocate(size, named(name));
        if (block)
            blocks.push_back(std::move(block).value());
        else
            refusal = block.error();
    }
    const Stats full = bench.heap->stats();
    const std::string taken = std::to_string(blocks.size()) + " blocks, " + bytesText(full.used) +
                              " of " + bytesText(full.size);
    if (refusal.code == 0)
        return Step::failed("exhaust", "nothing was refused after " + taken);
    if (refusal.code != ENOMEM)
        return Step::failed("exhaust", "after " + taken + ": " + refusal.message());
    if (full.largestFree >= size)
        return Step::failed("exhaust", "the source gave out before the zone did, after " + taken +
                                           ": " + refusal.message());
    if (!namesHolder(refusal.message(), name, blocks.size())) {
        if (leavesHoldersOut(refusal.message()))
            return Step::notPossible("exhaust", "refused after " + taken +
                                                    "; others have more than this step, and the "
                                                    "refusal names those: " +
                                                    refusal.message());
        return Step::failed("exhaust", "the refusal does not say that '" + name +
                                           "' has the memory: " + refusal.message());
    }
    blocks.pop_back();
    Result<Block> again = bench.heap->allocate(size, named("selftest-again"));
    if (!again)
        return Step::failed("exhaust",
                            "no room after a block was freed: " + again.error().message());
    if (Result<void> sound = bench.heap->validate(); !sound)
        return Step::failed("exhaust", sound.error().message());
    return Step::ok("exhaust", "refused after " + taken +
                                   ", and went on once one was freed: " + refusal.message());
}

} // namespace mediaheap::tool
