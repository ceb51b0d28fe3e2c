// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <memory>

#include <gst/gst.h>
#include <mediaheap/block.h>

#include "memory_ledger.h"

namespace mediaheap::gst {

/// What a GstMemory of a heap owns: its block, and its seat where it belongs to a pool. It hangs on
/// the root memory; shared parts of it find it through their parent.
///
/// The GstMemory itself is made by GstFdAllocator or GstDmaBufAllocator, so that everybody
/// recognises it, and neither closes the descriptor nor ever maps it: both belong to the block.
class MemoryState {
public:
    /// What a memory is like that is new, or as good as new.
    struct Birth {
        gsize offset = 0;
        gsize size = 0;
        gsize maxsize = 0;
        gsize align = 0;
        guint flags = 0; ///< GstMemoryFlags of the new memory
    };

    /// Where a memory sits in its pool, if anywhere: alone, and then it can come back alone, or
    /// with the others that a buffer is made of, which come back with that buffer or not at all.
    /// The common one is for their maker to occupy, once all are there.
    struct Places {
        MemoryLedger::Seat own;
        std::shared_ptr<MemoryLedger::Seat> common;
    };

    /// Puts @p block and @p places behind @p memory, takes over its dispose, and lays out the data.
    static void attach(GstMemory* memory, Block block, Places places, const Birth& birth);

    /// That of the root of @p memory; null for a memory of any other kind.
    static MemoryState* of(GstMemory* memory);

    const Block& block() const { return block_; }
    MemoryLedger::Seat& seat() { return places_.common ? *places_.common : places_.own; }
    const Birth& birth() const { return birth_; }

    // Sessions that are not maps: GstMemory counts those itself.
    void countSession() { sessions_++; }
    /// False where none is open.
    bool discountSession();
    unsigned sessions() const { return sessions_; }

private:
    MemoryState(Block block, Places places, const Birth& birth);

    static GQuark quark();
    static gboolean disposed(GstMiniObject* object) noexcept;

    // The seat goes last: whoever waits for it may want the space that the block gave back.
    Places places_;
    Block block_;
    Birth birth_;
    std::atomic<unsigned> sessions_{0};
};

/// The first memory of @p buffer that a device works on; null where there is none. What is not of a
/// heap is for others to judge.
GstMemory* busyMemory(GstBuffer* buffer);

/// The memory of @p buffer, all of it a heap's, begins a new life; see Block::forgetContents().
void forgetContents(GstBuffer* buffer);

/// Whether somebody has @p memory mapped, or locked for an access.
bool isMapped(const GstMemory* memory);

} // namespace mediaheap::gst
