// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <mediaheap/access.h>
#include <mediaheap/simulated/violation.h>

#include "soc/random.h"
#include "sync/byte_range.h"

namespace mediaheap {

/// The CPU's caches over one block of a non-coherent SoC.
///
/// Two views of the block are different memory: the CPU's, which is what its caches hold, and the
/// device's, which is what lies in DRAM. Only what is written here moves data between them, in
/// whole lines: a sync, in its direction, or an eviction at a time that nobody chose. The CPU's
/// loads and stores cannot be seen; a line that it has written is told from the *shadow*, the line
/// as it was when it was last fetched or cleaned.
///
/// What is reported follows from the order of syncs and device operations alone, and is the same
/// for every seed; the seed decides what data a mistake brings about.
///
/// Invariants
/// - A line that is not stale has its shadow equal to the device's view.
/// - A line over which an access is open is never evicted: its owner may be writing at this moment.
///
/// Thread safety: none; SimulatedBuffer locks.
class CacheModel {
public:
    /// Somebody who acts on the block.
    struct Actor {
        simulated::Party party;
        uint64_t deviceId = 0; ///< 0 for the CPU
    };
    using PartyRef = std::shared_ptr<const Actor>;

    /// Neighbouring lines with which the same went wrong between the same two.
    struct Finding {
        simulated::ViolationKind kind;
        ByteRange range;
        PartyRef cpu;    ///< null where no access is known
        PartyRef device; ///< null where no device took part
    };
    using Findings = std::vector<Finding>;

    /// Views of @p size bytes that must outlive this; @p line is a power of two, @p seed 0 evicts
    /// nothing.
    CacheModel(uint8_t* cpuView, uint8_t* deviceView, size_t size, size_t line, uint64_t seed);

    /// DMA_BUF_SYNC_START for @p access.
    void start(Access access, ByteRange range, const PartyRef& by, Findings& findings);
    /// The CPU's access to @p range is open from here on, whatever START came before it.
    void opened(Access access, ByteRange range, const PartyRef& by);
    /// DMA_BUF_SYNC_END for @p access. @p by is to blame for lines that no START has opened; null:
    /// whoever opened() them last.
    void end(Access access, ByteRange range, const PartyRef& by, Findings& findings);
    /// An END for writing whose access goes on.
    void writeBack(ByteRange range, const PartyRef& by, Findings& findings);

    /// The CPU touches the memory at any time, and only flush() brings it in step with devices.
    void setManual(bool manual) noexcept { manual_ = manual; }
    /// Cleans what the CPU has written and invalidates the rest.
    void flush(ByteRange range, const PartyRef& by, Findings& findings);

    /// To be called before a device reads or writes its view.
    void deviceReads(ByteRange range, const PartyRef& by, Findings& findings);
    void deviceWrites(ByteRange range, const PartyRef& by, Findings& findings);

    /// What would be found if a device did that now; changes nothing.
    void foreseeRead(ByteRange range, const PartyRef& by, Findings& findings) const;
    void foreseeWrite(ByteRange range, const PartyRef& by, Findings& findings) const;

    /// Nobody cares any more for what is in the block: the caches fetch it anew, and nothing is
    /// found about it later.
    void forgetContents();

    /// The lines around @p range.
    ByteRange reach(ByteRange range) const noexcept;

private:
    struct Line {
        bool stale = false;     ///< a device wrote it since the CPU last fetched it
        bool early = false;     ///< what the CPU wrote was evicted before any END
        bool openRead = false;  ///< a START for reading covers it
        bool openWrite = false; ///< a START for writing covers it
        bool written = false;   ///< and has been written back since
        bool unfetched = false; ///< the CPU is reading it though it is stale
        PartyRef cpu;           ///< the last access over it
        PartyRef device;        ///< the last device that wrote it
    };

    size_t firstOf(ByteRange range) const noexcept { return range.offset / line_; }
    size_t endOf(ByteRange range) const noexcept { return (range.end() + line_ - 1) / line_; }
    uint8_t* cpu(size_t index) const noexcept { return cpuView_ + index * line_; }
    uint8_t* device(size_t index) const noexcept { return deviceView_ + index * line_; }
    uint8_t* shadow(size_t index) noexcept { return shadow_.data() + index * line_; }
    const uint8_t* shadow(size_t index) const noexcept { return shadow_.data() + index * line_; }

    bool isModified(size_t index) const noexcept;
    bool isDirty(size_t index) const noexcept { return lines_[index].early || isModified(index); }
    bool isOpen(const Line& line) const noexcept { return line.openRead || line.openWrite; }

    void fetch(size_t index);
    void clean(size_t index);
    void scramble(size_t index);
    void invalidateDirty(size_t index);
    bool writesOldBytes(size_t index) const noexcept;
    void cleanChecked(size_t index, const PartyRef& by, Findings& findings);
    void evictSome();
    void note(Findings& findings, simulated::ViolationKind kind, size_t index, const PartyRef& cpu,
              const PartyRef& device) const;

    uint8_t* const cpuView_;
    uint8_t* const deviceView_;
    const size_t size_;
    const size_t line_;
    const bool evicts_;
    bool manual_ = false;
    Random random_;
    std::vector<uint8_t> shadow_;
    std::vector<Line> lines_;
};

} // namespace mediaheap
